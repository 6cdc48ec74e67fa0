"""The engine answers the requests of explorer.schemas; it imports neither Gradio nor Plotly."""

from explorer.engine.engine import Engine

__all__ = ["Engine"]
