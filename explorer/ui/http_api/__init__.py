"""The API for programs: one named function per endpoint, with the fields of the engine's request as parameters.

    from gradio_client import Client
    client = Client("http://127.0.0.1:7860")
    run = client.predict(sampler="heun", steps=18, seed=3, api_name="/sampling")

An answer is one JSON object, with its complete request under "request". It contains numbers and spectra, null for
numbers that are not finite. Pictures are in a NumPy .npz file, available for a short time at the address
answer["arrays"]; answer["shapes"] lists its arrays with their shapes:

    arrays = numpy.load(io.BytesIO(httpx.get(client.src + run["arrays"].lstrip("/")).content))

Pictures are in data units, -1 to 1, as float32, or as float16 in stacks (a run, noise levels). When a program
disconnects or cancels its job, its computation ends within a step or two. With --mcp the functions are also tools.
"""

from explorer.ui.http_api.endpoints import ENDPOINTS, add_endpoints

__all__ = ["ENDPOINTS", "add_endpoints"]
