// Says how far an answer has come that is drawn elsewhere.
const takePart = async () => {};
const showProgress = ({ state, done, of }) => setStatus(state === "done" ? "ready" : `${done} of ${of}`, done / of);
listen();
window.sections = { ...window.sections, [$(".progress").dataset.name]: { ticket, settled, newest: () => asked } };
