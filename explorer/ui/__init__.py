"""The interface; the only place that imports gradio."""
