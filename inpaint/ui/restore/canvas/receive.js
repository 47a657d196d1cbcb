// Photos that are pasted or dropped anywhere on the page.

// hear(name, act) listens to the document. open(file) gets the picture, or undefined if there is none.
// isWanted() says whether photos are wanted; where not, a drop that misses its target does nothing.
export function receiveFiles(root, hear, isWanted, open) {
  const receive = (event, files) => {
    event.preventDefault();
    if (isWanted()) open([...files].find((one) => one.type.startsWith("image/")) ?? files[0]);
  };
  hear("paste", (event) => isWanted() && event.clipboardData?.files.length && receive(event, event.clipboardData.files));
  hear("dragover", (event) => {
    event.preventDefault();
    if (isWanted()) root.dataset.dragging = "";
  });
  hear("dragleave", (event) => event.relatedTarget || delete root.dataset.dragging);
  hear("drop", (event) => {
    delete root.dataset.dragging;
    receive(event, event.dataTransfer.files);
  });
}
