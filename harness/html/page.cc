// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "html/assets.h"
#include "html/html.h"
#include "html/parts.h"

namespace pinrig::html {
namespace {

/// Omits what matters least, from the end, until the rest fits.
std::vector<std::string> cut_to(std::vector<Piece>& pieces, std::size_t limit) {
  std::vector<std::string> out;
  std::size_t total = 0;
  for (const auto& p : pieces) total += p.text.size();
  for (int rank = 3; rank > 0; --rank) {
    for (auto p = pieces.rbegin(); p != pieces.rend() && total > limit; ++p) {
      if (p->rank != rank) continue;
      const std::string mark =
          fmt::format("<p class=\"cut\">Omitted to keep the file small: {}</p>\n", esc(p->what));
      if (mark.size() >= p->text.size()) continue;
      total -= p->text.size() - mark.size();
      p->text = mark;
      out.push_back(p->what);
    }
  }
  return out;
}

/// Pieces between a heading and its end, all or nothing.
void add_section(std::vector<Piece>& out, const char* id, const std::string& title, std::vector<Piece> pieces,
                 bool closed = false) {
  if (pieces.empty()) return;
  const std::string count = fmt::format("{}", pieces.size());
  out.push_back(
      {fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n", id, esc(title))});
  if (closed)
    out.push_back({fmt::format("<details class=\"expected\"><summary>{}</summary>\n", count + " of them")});
  std::move(pieces.begin(), pieces.end(), std::back_inserter(out));
  out.push_back({std::string(closed ? "</details>\n" : "") + "</section>\n"});
}

struct Heading {
  const char* id;
  const char* title;
};

std::string navigation(const std::vector<Piece>& pieces, const std::vector<Heading>& headings) {
  std::string out = "<nav aria-label=\"Sections\"><ul>\n";
  for (const auto& h : headings) {
    const std::string id = fmt::format("<h2 id=\"{}\">", h.id);
    const bool there = std::any_of(pieces.begin(), pieces.end(),
                                   [&](const Piece& p) { return p.text.find(id) != std::string::npos; });
    if (there) out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", h.id, h.title);
  }
  return out + "</ul></nav>\n";
}

std::vector<Piece> body_of(const Source& s) {
  const auto picture = [](const char* id, const char* title, const std::string& body) {
    return Piece{section(id, title, body), 2, std::string("picture: ") + title};
  };
  std::vector<Piece> out;
  out.push_back({section("new", "New against the base", changes_html(s))});
  out.push_back({section("series", "Series", series_html(s)), 2, "the patches side by side"});
  add_section(out, "unexpected", "Not as expected", unexpected_pieces(s));
  out.push_back({section("bisections", "Bisections", bisections_html(s)), 2, "bisections"});
  out.push_back(picture("map", "All tests", heat_map(s)));
  add_section(out, "known", "Failures that are expected", known_pieces(s), true);
  add_section(out, "green", "As expected", green_pieces(s));
  out.push_back(picture("pins", "Pins over time", pins_over_time(s)));
  out.push_back(picture("time", "Time", gantt(s, timeline_of(s.data()))));
  out.push_back({section("kernels", "Kernels and machine", kernels_html(s))});
  out.push_back({section("commands", "Commands", commands_html(s))});
  return out;
}

/// The folder of the page, if it is that of the run or in it; else nothing.
fs::path folder_in(const std::string& run_dir, const fs::path& file) {
  std::error_code ec;
  const fs::path folder = fs::absolute(file, ec).lexically_normal().parent_path();
  const auto inside = folder.lexically_relative(fs::path(run_dir).lexically_normal());
  return ec || run_dir.empty() || inside.empty() || *inside.begin() == ".." ? fs::path() : folder;
}

constexpr const char* head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

}  // namespace

Result<Page> run_page(const store::Store& store, const store::RunRow& run, const Options& options) {
  PINRIG_TRY(data, report::load(store, run));
  const auto digest = report::digest(std::move(data));
  const Source s{*digest, options.file.empty() ? fs::path() : folder_in(run.dir, options.file)};
  const std::string top =
      head + fmt::format("<title>pinrig {}: {}</title>\n<style>\n{}</style>\n</head>\n<body>\n", esc(run.id),
                         esc(run.base + (run.series.empty() ? "" : " + " + run.series)), page_style);
  auto pieces = body_of(s);
  const std::string nav = navigation(pieces, {{"new", "New"},
                                              {"series", "Series"},
                                              {"unexpected", "Not as expected"},
                                              {"bisections", "Bisections"},
                                              {"map", "All tests"},
                                              {"known", "Expected failures"},
                                              {"green", "As expected"},
                                              {"pins", "Pins"},
                                              {"time", "Time"},
                                              {"kernels", "Kernels"},
                                              {"commands", "Commands"}});
  const std::string before = top + "<a class=\"skip\" href=\"#main\">Skip to the results</a>\n<header>\n" +
                             heading_html(s) + nav + "</header>\n<main id=\"main\">\n";
  const std::string after = fmt::format(
      "</main>\n<footer class=\"dim\"><p>pinrig, run "
      "{}</p></footer>\n<script>\n{}</script>\n</body>\n</html>\n",
      esc(run.id), page_script);
  Page page;
  const std::size_t fixed = before.size() + after.size();
  page.cut = cut_to(pieces, options.limit > fixed ? options.limit - fixed : 0);
  page.text = before;
  for (const auto& p : pieces) page.text += p.text;
  page.text += after;
  return page;
}

}  // namespace pinrig::html
