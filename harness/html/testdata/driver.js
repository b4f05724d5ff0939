// SPDX-License-Identifier: GPL-2.0
// Run in the page by browser_test.cc: drives it as a person would, then asks axe. What it found is the
// attribute data-report of the root element.
(function () {
  "use strict";
  var report = { errors: [] };
  window.addEventListener("error", function (e) { report.errors.push(String(e.message)); });
  function key(k, target) {
    (target || document.body).dispatchEvent(new KeyboardEvent("keydown", { key: k, bubbles: true, cancelable: true }));
  }
  function shown(selector) {
    return Array.prototype.filter.call(document.querySelectorAll(selector), function (e) {
      return !e.closest("[hidden]");
    }).length;
  }
  function type(text) {
    var q = document.getElementById("q");
    q.value = text;
    q.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function done() { document.documentElement.setAttribute("data-report", JSON.stringify(report)); }
  window.addEventListener("load", function () {
    report.all = shown(".finding");
    key("/");
    report.focused = document.activeElement.id;
    type("dio_fork");
    report.filtered = shown(".finding");
    report.hash = location.hash;
    type("");
    document.activeElement.blur();
    key("n");
    report.first = document.activeElement.id;
    key("n");
    report.second = document.activeElement.id;
    key("p");
    report.back = document.activeElement.id;
    report.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    document.querySelectorAll("details").forEach(function (d) { d.open = true; });
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }).then(function (r) {
      report.violations = r.violations.map(function (v) { return v.id + ": " + v.nodes[0].html.slice(0, 200) + " " + v.nodes[0].failureSummary; });
      report.passes = r.passes.length;
      done();
    }, function (e) { report.errors.push(String(e)); done(); });
  });
})();
