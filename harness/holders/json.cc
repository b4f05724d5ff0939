// SPDX-License-Identifier: GPL-2.0
#include "holders/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pinrig::holders {
namespace {

using nlohmann::ordered_json;

constexpr int version = 1;
/// Of each list of pages: the counts have all.
constexpr std::size_t most_listed = 64;

std::string hex(std::uint64_t pfn) { return fmt::format("{:#x}", pfn); }

ordered_json path_json(const Path& path) {
  auto out = ordered_json::array();
  for (const auto& l : path) {
    ordered_json line{{"function", l.function}, {"file", l.file}, {"line", l.line}, {"inlined", l.inlined}};
    if (l.patch > 0) line["patch"] = l.patch;
    out.push_back(std::move(line));
  }
  return out;
}

ordered_json groups_json(const std::vector<Group>& groups) {
  auto out = ordered_json::array();
  for (const auto& g : groups)
    out.push_back(
        {{"pins", g.pins}, {"changes", g.changes}, {"references", g.refs}, {"stack", path_json(g.path)}});
  return out;
}

ordered_json owner_json(const std::optional<Owner>& o, const Path& path) {
  if (!o) return nullptr;
  return {{"order", o->order}, {"pid", o->pid}, {"task", o->task}, {"stack", path_json(path)}};
}

ordered_json page_json(const HeldPage& p) {
  const char* kind = p.anon ? "anonymous" : p.cached ? "cached" : "unmapped";
  return {{"pfn", hex(p.pfn)},
          {"pins", p.pins},
          {"references", p.count},
          {"kind", kind},
          {"large", p.large},
          {"mappings", p.mappings < 0 ? ordered_json(nullptr) : ordered_json(p.mappings)},
          {"flags", p.flags},
          {"allocated", owner_json(p.owner, p.allocated)}};
}

ordered_json pfns_json(const std::vector<std::uint64_t>& pages) {
  auto out = ordered_json::array();
  for (std::size_t i = 0; i < std::min(pages.size(), most_listed); ++i) out.push_back(hex(pages[i]));
  return out;
}

ordered_json holder_json(const Holder& h, const Ledger* base) {
  ordered_json out{{"held", h.held}, {"pins", h.pins}, {"task", h.task}, {"pid", h.pid}};
  out["held_on_base"] = base == nullptr ? ordered_json(nullptr) : ordered_json(held_on_base(base, h));
  out["taken"] = path_json(h.taken);
  out["released"] = groups_json(h.released);
  out["meanwhile"] = groups_json(h.meanwhile);
  const auto* same = base == nullptr ? nullptr : same_holder(*base, h);
  out["released_on_base"] = same == nullptr ? ordered_json::array() : groups_json(same->released);
  out["page_count"] = h.pages.size();
  out["pages"] = ordered_json::array();
  for (std::size_t i = 0; i < std::min(h.pages.size(), most_listed); ++i)
    out["pages"].push_back(page_json(h.pages[i]));
  return out;
}

ordered_json bad_page_json(const PageHistory& h) {
  ordered_json out{{"pfn", hex(h.report.pfn)}, {"what", h.report.what}, {"state", h.report.state}};
  out["found"] = path_json(h.seen);
  out["allocated"] = owner_json(h.report.allocated, h.allocated);
  out["freed"] = owner_json(h.report.freed, h.freed);
  out["earlier_changes"] = h.earlier;
  out["changes"] = ordered_json::array();
  for (const auto& s : h.steps)
    out["changes"].push_back({{"at_s", s.at_s},
                              {"task", s.task},
                              {"pid", s.pid},
                              {"by", s.by},
                              {"references", s.count},
                              {"stack", path_json(s.path)}});
  return out;
}

const char* word_of(Suspect::Why why) {
  switch (why) {
    case Suspect::Why::shared_by_fork:
      return "shared_by_fork";
    case Suspect::Why::replaced:
      return "replaced";
    case Suspect::Why::released_unpinned:
      return "released_unpinned";
    case Suspect::Why::released_before:
      return "released_before";
    case Suspect::Why::last_put:
      return "last_put";
    case Suspect::Why::dropped:
      return "dropped";
    case Suspect::Why::releases_others:
      return "releases_others";
    case Suspect::Why::releases_on_base:
      return "releases_on_base";
    case Suspect::Why::took:
      break;
  }
  return "took";
}

ordered_json suspect_json(const std::optional<Suspect>& s) {
  if (!s) return nullptr;
  return {{"function", s->line.function},
          {"file", s->line.file},
          {"line", s->line.line},
          {"why", word_of(s->why)},
          {"patch", s->patch > 0 ? ordered_json(s->patch) : ordered_json(nullptr)}};
}

std::string text_of(const ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const Report& r, const std::string& dir) {
  const Ledger* base = r.base ? &*r.base : nullptr;
  ordered_json out{{"test", r.test}, {"kernel", r.kernel}, {"dir", dir}, {"complete", r.ledger.sure}};
  out["summary"] = summary(r);
  out["taken"] = r.ledger.taken;
  out["released"] = r.ledger.released;
  out["counted"] = {{"acquired", r.acquired}, {"released", r.counted_released}};
  out["differs_from_base"] = differs(r.ledger, base);
  out["base_problem"] = r.base_problem.empty() ? ordered_json(nullptr) : ordered_json(r.base_problem);
  out["suspect"] = suspect_json(r.suspect);
  out["holders"] = ordered_json::array();
  for (const auto& h : r.ledger.holders) {
    if (h.held > 0) out["holders"].push_back(holder_json(h, base));
  }
  out["released_without_pin"] = ordered_json::array();
  for (const auto& e : r.ledger.excess)
    out["released_without_pin"].push_back({{"pins", e.release.pins},
                                           {"stack", path_json(e.release.path)},
                                           {"released_before", groups_json(e.before)},
                                           {"page_count", e.pages.size()},
                                           {"pages", pfns_json(e.pages)}});
  out["copied"] = ordered_json::array();
  for (const auto& c : r.ledger.copied)
    out["copied"].push_back({{"how", c.how == Copied::How::replaced ? "replaced" : "shared_by_fork"},
                             {"task", c.task},
                             {"pid", c.pid},
                             {"stack", path_json(c.path)},
                             {"pinned_by", path_json(c.pinned_by)},
                             {"page_count", c.pages.size()},
                             {"pages", pfns_json(c.pages)}});
  out["bad_pages"] = ordered_json::array();
  for (const auto& p : r.bad_pages) out["bad_pages"].push_back(bad_page_json(p));
  return text_of(out, 2) + "\n";
}

std::string findings_to_json(const std::vector<Finding>& findings) {
  ordered_json out{{"format", "pinrig-holders"}, {"version", version}};
  out["findings"] = ordered_json::array();
  for (const auto& f : findings) {
    auto report = ordered_json::parse(f.report, nullptr, false);
    if (report.is_discarded()) report = nullptr;
    out["findings"].push_back({{"test", f.test},
                               {"kernel", f.kernel},
                               {"problem", f.problem},
                               {"lines", f.lines},
                               {"file", f.file},
                               {"report", std::move(report)}});
  }
  return text_of(out, 1) + "\n";
}

Result<std::vector<Finding>> findings_from_json(std::string_view text) {
  const auto json = ordered_json::parse(text, nullptr, false);
  std::vector<Finding> out;
  try {
    if (json.at("format") != "pinrig-holders" || json.at("version") != version)
      return make_error(ErrorKind::bad_input, "no findings that this pinrig reads");
    for (const auto& f : json.at("findings")) {
      out.push_back({f.at("test"), f.at("kernel"), f.at("problem"), f.at("lines"), f.at("file"), ""});
      if (!f.at("report").is_null()) out.back().report = text_of(f.at("report"), -1);
    }
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::bad_input, std::string("no findings of holders: ") + e.what());
  }
  return out;
}

}  // namespace pinrig::holders
