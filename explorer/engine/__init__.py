"""The engine: one method per question that a view asks. It knows neither Gradio nor figures."""

from explorer.engine.engine import Engine

__all__ = ["Engine"]
