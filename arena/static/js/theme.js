// Runs before the first paint, so that a chosen theme never flashes; hence a classic script.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("agon:theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage may be closed to the page; the system's theme is then used.
  }
})();
