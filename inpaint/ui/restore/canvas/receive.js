// Photos that are pasted or dropped anywhere on the page.

// hear(name, act) listens to the document. open(file) gets the picture, or undefined if there is none.
export function receiveFiles(root, hear, open) {
  const receive = (event, files) => {
    event.preventDefault();
    open([...files].find((one) => one.type.startsWith("image/")) ?? files[0]);
  };
  hear("paste", (event) => event.clipboardData?.files.length && receive(event, event.clipboardData.files));
  hear("dragover", (event) => {
    event.preventDefault();
    root.dataset.dragging = "";
  });
  hear("dragleave", (event) => event.relatedTarget || delete root.dataset.dragging);
  hear("drop", (event) => {
    delete root.dataset.dragging;
    receive(event, event.dataTransfer.files);
  });
}
