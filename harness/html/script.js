// SPDX-License-Identifier: GPL-2.0
// Filter, keys and copy buttons. The page is complete without it: it only hides rows and opens what is closed.
(function () {
  "use strict";
  var main = document.querySelector("main");
  var rows = Array.prototype.slice.call(document.querySelectorAll("tbody tr[data-t], .finding, .known"));
  var findings = Array.prototype.slice.call(document.querySelectorAll(".finding"));
  var bar = document.createElement("form");
  bar.id = "bar";
  bar.setAttribute("role", "search");
  bar.setAttribute("aria-label", "Filter tests");
  bar.innerHTML = '<label for="q">Filter</label><input id="q" type="search" autocomplete="off">' +
    '<label for="f">Show</label><select id="f"><option value="all">all tests</option>' +
    '<option value="red">not as expected</option><option value="known">expected failures</option></select>' +
    '<output id="n" aria-live="polite"></output>' +
    '<span class="dim">Keys: / filter, n and p next and previous finding</span>';
  main.parentNode.insertBefore(bar, main);
  var q = document.getElementById("q"), f = document.getElementById("f"), n = document.getElementById("n");

  function name(row) { return (row.getAttribute("data-t") || row.textContent).toLowerCase(); }
  function kind(row) {
    return row.classList.contains("finding") ? "red" : row.classList.contains("known") ? "known" : "";
  }
  var names = rows.map(name), kinds = rows.map(kind);

  function apply() {
    var text = q.value.trim().toLowerCase(), only = f.value, shown = 0;
    rows.forEach(function (row, i) {
      var hit = (!text || names[i].indexOf(text) >= 0) && (only === "all" || kinds[i] === only);
      row.hidden = !hit;
      if (hit) shown++;
    });
    document.querySelectorAll("details.suite").forEach(function (d) {
      var some = Array.prototype.some.call(d.querySelectorAll("tbody tr"), function (r) { return !r.hidden; });
      d.hidden = !some;
      if (text && some) d.open = true;
    });
    n.textContent = text || only !== "all" ? shown + " shown" : "";
  }
  function save() {
    var parts = [];
    if (f.value !== "all") parts.push("f=" + f.value);
    if (q.value) parts.push("q=" + encodeURIComponent(q.value));
    history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search);
  }
  function decoded(text) {
    try { return decodeURIComponent(text); } catch (e) { return text; }
  }
  function load() {
    var hash = location.hash.slice(1);
    if (/^[fq]=/.test(hash)) {
      hash.split("&").forEach(function (part) {
        if (part.indexOf("f=") === 0) f.value = part.slice(2);
        if (part.indexOf("q=") === 0) q.value = decoded(part.slice(2));
      });
      if (f.selectedIndex < 0) f.value = "all";
      apply();
      return;
    }
    var target = hash && document.getElementById(decoded(hash));
    for (var e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    if (target) target.scrollIntoView();
  }
  var at = -1;
  function go(step) {
    var open = findings.filter(function (x) { return !x.hidden; });
    if (!open.length) return;
    at = (at + step + open.length) % open.length;
    document.querySelectorAll(".at").forEach(function (x) { x.classList.remove("at"); });
    open[at].classList.add("at");
    open[at].setAttribute("tabindex", "-1");
    open[at].focus();
    open[at].scrollIntoView({ block: "start" });
  }
  bar.addEventListener("submit", function (e) { e.preventDefault(); });
  q.addEventListener("input", function () { apply(); save(); });
  f.addEventListener("change", function () { apply(); save(); });
  window.addEventListener("hashchange", load);
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "Escape" && e.target === q) { q.value = ""; apply(); save(); q.blur(); return; }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) return;
    if (e.key === "/") { e.preventDefault(); q.focus(); }
    if (e.key === "n") go(1);
    if (e.key === "p") go(at < 0 ? 0 : -1);
  });
  document.querySelectorAll(".commands code").forEach(function (code) {
    if (!navigator.clipboard) return;
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent).then(function () { button.textContent = "Copied"; });
    });
    code.parentNode.appendChild(button);
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll(".finding details, details.expected").forEach(function (d) { d.open = true; });
  });
  load();
})();
