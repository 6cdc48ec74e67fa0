"""Gradio controls that several tabs share."""
