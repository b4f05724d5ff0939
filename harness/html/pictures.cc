// SPDX-License-Identifier: GPL-2.0
// Inline SVG. Colours are classes of style.css; what a picture says, a table of the page says too.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "html/parts.h"

namespace pinrig::html {
namespace {

using report::GuestData;
using report::KernelData;
using report::TestData;

std::string svg(int width, int height, const std::string& label, const std::string& body) {
  // What can be followed may not be in an image.
  const char* role = body.find("<a ") == std::string::npos ? "img" : "group";
  return scrolling(label,
                   fmt::format("<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"{4}\" "
                               "aria-label=\"{2}\">\n{3}</svg>\n",
                               width, height, esc(label), body, role));
}

std::string text_at(double x, double y, const std::string& text, const char* attributes = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes, esc(text));
}

/// At most `width` characters, cut in the middle.
std::string fitted(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  return text.substr(0, width / 2 - 1) + "…" + text.substr(text.size() - width / 2 + 1);
}

// --- heat map ---

constexpr int square = 9;     ///< with its gap
constexpr int per_line = 84;  ///< squares
constexpr int label_width = 150;
constexpr std::size_t max_panels = 6;

const char* square_class(const TestData& t) {
  if (!t.as_expected()) return "qr";
  const char c = sign_of(t.row).colour[0];
  return c == 'e' ? "qe" : c == 'g' ? "qg" : "qs";
}

struct Panel {
  std::map<std::string, std::string> paths;  ///< class to path data: one element for all that are alike
  std::string links;                         ///< what is red can be followed
  std::string labels;
  int y = 0;
};

void add_suite(Panel& p, const KernelData& k, const std::string& suite,
               const std::vector<const TestData*>& tests) {
  p.labels += text_at(0, p.y + 8, fitted(suite, 20));
  int n = 0;
  for (const TestData* t : tests) {
    const int x = label_width + n % per_line * square;
    const int y = p.y + n / per_line * square;
    ++n;
    const char* cls = square_class(*t);
    if (std::string_view(cls) != "qr") {
      p.paths[cls] += fmt::format("M{} {}h7v7h-7z", x, y);
      continue;
    }
    const auto& v = t->row.verdict();
    p.links += fmt::format(
        "<a href=\"{}\"><title>{}</title><rect class=\"qr\" x=\"{}\" y=\"{}\" width=\"7\" "
        "height=\"7\"/></a>\n",
        link_to(row_id(k.row.id, v)), esc(v.test + ": " + sign_of(t->row).word), x, y);
  }
  p.y += ((n - 1) / per_line + 1) * square + 6;
}

std::string panel_of(const KernelData& k) {
  std::vector<std::string> suites;
  std::map<std::string, std::vector<const TestData*>> of;
  std::size_t red = 0;
  for (const TestData* t : k.tests()) {
    const std::string suite = report::suite_of(t->name());
    if (!of.contains(suite)) suites.push_back(suite);
    of[suite].push_back(t);
    red += t->as_expected() ? 0 : 1;
  }
  Panel p;
  for (const auto& suite : suites) add_suite(p, k, suite, of[suite]);
  std::string body = p.labels;
  for (const auto& [cls, data] : p.paths) body += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", cls, data);
  const std::string label = fmt::format("{}: {}, {} not as expected", report::column_name(k.row),
                                        count_of(k.tests().size(), "test"), red);
  return fmt::format("<h3>{}</h3>\n", esc(label)) +
         svg(label_width + per_line * square, std::max(p.y, square), "Tests of " + label, body + p.links);
}

// --- axis of time ---

double tick_of(double seconds) {
  for (const double t : {1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0}) {
    if (seconds / t <= 10) return t;
  }
  return 14400;
}

std::string time_axis(double left, double right, double height, double seconds) {
  std::string out;
  const double tick = tick_of(seconds);
  for (double t = 0; t <= seconds; t += tick) {
    const double x = left + (right - left) * t / seconds;
    out += fmt::format("<path class=\"axis\" d=\"M{:.1f} 0V{:.0f}\"/>\n", x, height);
    out += text_at(x + 2, height + 12, human_seconds(t), "class=\"small\"");
  }
  return out;
}

// --- pins ---

struct Step {
  double at;  ///< seconds of tests before
  std::int64_t balance;
  std::string leak;  ///< test that left pages; empty
};

/// The balance of acquired and released after each test of a guest.
std::vector<Step> steps_of(const GuestData& g) {
  std::vector<Step> out;
  double at = 0;
  std::int64_t balance = 0;
  for (const auto& t : g.tests) {
    at += t.row.verdict().wall_s;
    const auto& l = t.row.result.ledger;
    if (!l || !l->available) continue;
    at += l->settle_ms / 1000;
    const auto left = l->outstanding();
    balance += left;
    out.push_back({at, balance, left == 0 ? "" : fmt::format("{} {:+}", t.name(), left)});
  }
  return out;
}

std::string pins_svg(const GuestData& g, const std::vector<Step>& steps) {
  constexpr double left = 60;
  constexpr double right = 900;
  constexpr double height = 110;
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (const auto& s : steps) {
    low = std::min(low, s.balance);
    high = std::max(high, s.balance);
  }
  const double span = std::max(1.0, steps.back().at);
  const double range = static_cast<double>(std::max<std::int64_t>(high - low, 1));
  const auto x = [&](double at) { return left + (right - left) * at / span; };
  const auto y = [&](std::int64_t b) { return 8 + (height - 16) * static_cast<double>(high - b) / range; };
  std::string body = time_axis(left, right, height, span);
  body += text_at(0, y(high) + 4, std::to_string(high), "class=\"small\"");
  if (low != high) body += text_at(0, y(low) + 4, std::to_string(low), "class=\"small\"");
  std::string line = fmt::format("M{:.1f} {:.1f}", left, y(0));
  std::string dots;
  for (const auto& s : steps) {
    if (s.leak.empty()) continue;
    line += fmt::format("H{:.1f}V{:.1f}", x(s.at), y(s.balance));
    dots +=
        fmt::format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{}</title></circle>\n",
                    x(s.at), y(s.balance), esc(s.leak));
  }
  line += fmt::format("H{:.1f}", right);
  body += fmt::format("<path class=\"line\" d=\"{}\"/>\n", line) + dots;
  return svg(920, static_cast<int>(height) + 18, "Pages still pinned in guest " + g.row.id + " over time",
             body);
}

}  // namespace

std::string heat_map(const Source& s) {
  std::string out;
  std::size_t panels = 0;
  for (const auto& k : s.data().kernels) {
    if (!k.built() || k.tests().empty()) continue;
    // Of a series with many points, only its ends: the matrix has the rest.
    if (s.data().kernels.size() > max_panels && !k.row.point.is_base() && !k.row.is_tip) continue;
    if (++panels <= max_panels) out += panel_of(k);
  }
  if (out.empty()) return "";
  return "<p class=\"dim\">A square is a test: green as expected, grey skipped, yellow a failure that is "
         "expected, "
         "red with a frame not as expected (a link).</p>\n" +
         out;
}

std::string gantt(const Source& s, const Timeline& times) {
  if (times.spans.empty()) return "";
  constexpr std::size_t max_bars = 80;
  constexpr double left = 190;
  constexpr double right = 900;
  const std::size_t n = std::min(times.spans.size(), max_bars);
  double end = report::elapsed_s(s.data().run.started, s.data().run.finished).value_or(0);
  for (const auto& span : times.spans) end = std::max(end, span.end);
  end = std::max(end, 1.0);
  const auto x = [&](double t) { return left + (right - left) * std::clamp(t, 0.0, end) / end; };
  const double height = static_cast<double>(n) * 16;
  std::string body = time_axis(left, right, height, end);
  for (std::size_t i = 0; i < n; ++i) {
    const auto& span = times.spans[i];
    const double y = static_cast<double>(i) * 16;
    const std::string title = fmt::format("{} {}: {} to {}", span.build ? "build" : "guest", span.name,
                                          human_seconds(span.start), human_seconds(span.end));
    body += text_at(0, y + 12, fitted((span.build ? "build " : "") + span.name, 26));
    const auto rect = [&](const char* cls, double from, double to) {
      return fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"11\"/>", cls,
                         x(from), y + 2, std::max(1.0, x(to) - x(from)));
    };
    const double boot = std::min(span.end, span.start + span.boot);
    body += "<g><title>" + esc(title) + "</title>";
    body += span.build ? rect("boot", span.start, span.end)
                       : rect("boot", span.start, boot) + rect(span.lost ? "lost" : "bar", boot, span.end);
    body += "</g>\n";
  }
  std::string out =
      "<p class=\"dim\">Light: builds and boots. Dark: tests. Red: a guest that did not complete.</p>\n";
  out += svg(920, static_cast<int>(height) + 18, "Builds and guests over the time of the run", body);
  if (times.spans.size() > n)
    out += fmt::format("<p class=\"cut\">{} more are not drawn.</p>\n", times.spans.size() - n);
  if (times.unknown > 0)
    out += fmt::format("<p class=\"cut\">Of {} it is not known when they ran.</p>\n",
                       count_of(times.unknown, "guest"));
  return out;
}

std::string pins_over_time(const Source& s) {
  constexpr std::size_t max_guests = 8;
  constexpr std::size_t max_leaks = 12;  // that are named
  std::string out;
  std::size_t drawn = 0;
  std::size_t more = 0;
  for (const auto& k : s.data().kernels) {
    if (!k.row.inherits.empty()) continue;
    for (const auto& g : k.guests) {
      const auto steps = steps_of(g);
      if (std::none_of(steps.begin(), steps.end(), [](const Step& x) { return !x.leak.empty(); })) continue;
      if (++drawn > max_guests) {
        ++more;
        continue;
      }
      std::vector<std::string> leaks;
      for (const auto& step : steps) {
        if (!step.leak.empty()) leaks.push_back(step.leak);
      }
      if (leaks.size() > max_leaks) leaks.resize(max_leaks);
      out += fmt::format("<h3>{}</h3>\n", esc(g.row.id)) + pins_svg(g, steps);
      out += fmt::format("<p class=\"dim\">{}</p>\n", esc(join(leaks, ", ")));
    }
  }
  if (more > 0) out += fmt::format("<p class=\"cut\">{} more are not drawn.</p>\n", count_of(more, "guest"));
  if (out.empty()) return "";
  return "<p class=\"dim\">Base pages that were pinned and not unpinned, after each test and its wait; a dot "
         "is a "
         "test that left some.</p>\n" +
         out;
}

std::string ledger_bars(const model::PinLedger& l) {
  const double most = static_cast<double>(std::max<std::int64_t>({l.acquired(), l.released(), 1}));
  const auto bar = [&](int y, const char* word, std::int64_t pages, const char* cls) {
    const double width = 420 * std::max(0.0, static_cast<double>(pages)) / most;
    return text_at(0, y + 11, word) +
           fmt::format("<rect class=\"{}\" x=\"80\" y=\"{}\" width=\"{:.1f}\" height=\"12\"/>\n", cls, y,
                       width) +
           text_at(86 + width, y + 11, std::to_string(pages), "class=\"small\"");
  };
  return svg(580, 36, fmt::format("{} pages acquired, {} released", l.acquired(), l.released()),
             bar(2, "acquired", l.acquired(), "bar") + bar(20, "released", l.released(), "boot"));
}

}  // namespace pinrig::html
