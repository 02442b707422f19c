// The page of a job, live: the server sends the same fragment that the page was made with.
(() => {
  "use strict";
  const region = document.querySelector("[data-progress]");
  if (!region || !("EventSource" in window)) return;
  const source = new EventSource(region.dataset.progress);
  source.addEventListener("progress", (event) => {
    region.innerHTML = event.data;
  });
  source.addEventListener("end", () => {
    source.close();
    // The rows and what can be done about the job are part of the page.
    window.location.reload();
  });
  source.addEventListener("leave", () => source.close());
})();
