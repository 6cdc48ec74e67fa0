"""Results -> Plotly figures: drawing only, no computation that a result does not hold."""
