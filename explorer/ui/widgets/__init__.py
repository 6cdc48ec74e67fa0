"""Gradio controls that several pages share."""
