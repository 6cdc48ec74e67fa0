"""How far a section has come whose answer is a figure: a thin line and a few words."""
