"""A file that the server has made, handed to the person by the browser."""
