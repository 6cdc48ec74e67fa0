"""What programs may ask: one named function per question, with the parameters of the engine's own request.

    from gradio_client import Client
    client = Client("http://127.0.0.1:7860")
    run = client.predict(sampler="heun", steps=18, seed=3, api_name="/sampling")

An answer is one JSON object, with the whole request that it belongs to under "request". Numbers and spectra stand in
it, null where a number is not finite; pictures are in a file of NumPy's .npz format at the address answer["arrays"],
for a while, and answer["shapes"] says what is in it:

    arrays = numpy.load(io.BytesIO(httpx.get(client.src + run["arrays"].lstrip("/")).content))

Pictures are in data units, -1 to 1, float32, or float16 where they are many (a run, noise levels). A program
that goes away, or cancels its job, ends its computation within a step or two. With --mcp the same functions are tools.
"""

from explorer.ui.http_api.endpoints import ENDPOINTS, add_endpoints

__all__ = ["ENDPOINTS", "add_endpoints"]
