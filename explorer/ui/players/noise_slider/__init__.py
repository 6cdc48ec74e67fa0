"""The player of noise levels: pictures and spectra that follow the slider in the browser, without the server."""
