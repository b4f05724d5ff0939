// SPDX-License-Identifier: GPL-2.0
// configs/expectations/NAME.yaml, configs/known-issues/NAME.yaml and configs/policy/NAME.yaml
#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "model/verdict.h"
#include "spec/places.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::AllowedSkip;
using model::KernelRange;
using model::KnownIssue;
using model::Requirements;
using model::SplatRule;
using model::Verdict;

std::string read_version(Reader& r, const Node& n, const std::string& key) {
  const std::string s = r.text(n, key);
  const bool numbers = s.find_first_not_of("0123456789.") == std::string::npos && !s.empty() && s[0] != '.' &&
                       s.find('.') != std::string::npos && s.back() != '.' &&
                       s.find("..") == std::string::npos;
  if (r.ok() && !numbers)
    r.fail(n, fmt::format("{}: '{}' is not a kernel version", key, s), "write 6.1 or 6.1.192");
  return s;
}

KernelRange read_range(Reader& r, const Fields& f, const fs::path& project) {
  KernelRange range;
  if (const Node* n = f.get("kernels")) {
    for (const auto& item : r.list(*n, "kernels")) {
      if (item.text.find_first_of("*?") == std::string::npos)
        check_named(r, item, "kernels", project, base_place());
      range.bases.push_back(r.text(item, "kernels"));
    }
  }
  set(f, "since", range.since, [&](const Node& n) { return read_version(r, n, "since"); });
  set(f, "until", range.until, [&](const Node& n) { return read_version(r, n, "until"); });
  set(f, "archs", range.archs, [&](const Node& n) { return read_archs(r, n); });
  if (r.ok() && !range.since.empty() && !range.until.empty() &&
      model::compare_versions(range.since, range.until) > 0)
    r.fail(f.key_node("since"),
           fmt::format("since {} is later than until {}: no kernel matches", range.since, range.until));
  return range;
}

std::string read_tests(Reader& r, const Node& n) {
  const std::string s = r.text(n, "tests");
  if (r.ok() && s.find('/') == std::string::npos)
    r.fail(n, fmt::format("tests: '{}' does not name a test", s),
           "write SUITE/TEST or SUITE/TEST:CASE; * and ? match");
  return s;
}

bool holds(const std::vector<Verdict>& list, Verdict v) {
  return std::find(list.begin(), list.end(), v) != list.end();
}

/// A known issue is about cases: whatever else fails in the same test is news.
std::string read_known_case(Reader& r, const Node& n) {
  const std::string s = read_tests(r, n);
  if (r.ok() && s.find(':') == std::string::npos)
    r.fail(n, fmt::format("tests: '{}' covers a whole test; a known issue names its cases", s),
           fmt::format("write '{}:CASE' (* and ? match), or '{}:' for the test's own row", s, s));
  if (r.ok() && s.starts_with(std::string(model::unowned_test) + ":"))
    r.fail(n, fmt::format("tests: '{}' is what the kernel reports while no test runs", s),
           "allow the one report by its kind and title in configs/policy");
  return s;
}

/// What the harness doubts and what never ran look like no fault of the kernel.
std::vector<Verdict> read_seen(Reader& r, const Node& n) {
  auto seen = read_verdicts(r, n, "seen");
  for (const Verdict v : {Verdict::error, Verdict::missing, Verdict::pass, Verdict::skip}) {
    if (r.ok() && holds(seen, v))
      r.fail(n, fmt::format("seen: '{}' is not a symptom of a kernel bug", model::to_string(v)),
             "allowed: fail, leak, crash, timeout, xfail, xpass");
  }
  return seen;
}

AllowedSkip read_skip(Reader& r, const Node& n, const fs::path& project) {
  AllowedSkip skip;
  const Fields f(r, n, Section::allowed_skip);
  if (!r.ok()) return skip;
  if (const Node* v = f.need("tests")) skip.tests = read_tests(r, *v);
  if (const Node* v = f.need("reason")) skip.reason = r.text(*v, "reason");
  set(f, "without", skip.without, [&](const Node& v) { return read_symbols(r, v, "without"); });
  set(f, "sometimes", skip.sometimes, [&](const Node& v) { return r.truth(v, "sometimes"); });
  skip.range = read_range(r, f, project);
  return skip;
}

std::map<std::string, std::string> read_capabilities(Reader& r, const Node& n) {
  std::map<std::string, std::string> out;
  if (n.kind != Node::Kind::map) r.fail(n, "capabilities: expected a mapping of NAME: VALUE");
  for (std::size_t i = 0; i < n.keys.size() && r.ok(); ++i)
    out[n.keys[i].text] = r.text(n.items[i], n.keys[i].text);
  return out;
}

/// "2027-03-01"
std::string read_day(Reader& r, const Node& n) {
  const std::string s = r.text(n, "expires");
  if (!r.ok()) return s;
  std::tm day{};
  const char* end = ::strptime(s.c_str(), "%Y-%m-%d", &day);
  if (s.size() != 10 || end == nullptr || *end != '\0')
    r.fail(n, fmt::format("expires: '{}' is not a day", s), "write YEAR-MONTH-DAY, as in 2027-03-01");
  return s;
}

Result<Requirements> load_requirements(const fs::path& project, const std::string& name) {
  PINRIG_TRY(file, find_named(project, expectations_place(), name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::requirements);
  Requirements out;
  out.name = name;
  if (r.ok()) out.range = read_range(r, f, project);
  if (r.ok()) set(f, "without", out.without, [&](const Node& n) { return read_symbols(r, n, "without"); });
  if (r.ok())
    set(f, "capabilities", out.capabilities, [&](const Node& n) { return read_capabilities(r, n); });
  if (const Node* n = r.ok() ? f.get("skips") : nullptr) {
    for (const auto& item : r.list_or_none(*n, "skips")) out.skips.push_back(read_skip(r, item, project));
  }
  if (!r.ok()) return r.error();
  return out;
}

Result<KnownIssue> load_known_issue(const fs::path& project, const std::string& name) {
  PINRIG_TRY(file, find_named(project, known_issue_place(), name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::known_issue);
  KnownIssue out;
  out.name = name;
  if (!r.ok()) return r.error();
  if (const Node* n = f.need("tests")) {
    for (const auto& item : r.list(*n, "tests")) out.tests.push_back(read_known_case(r, item));
  }
  if (const Node* n = f.need("seen")) out.seen = read_seen(r, *n);
  set(f, "pages", out.pages, [&](const Node& n) { return r.whole(n, "pages", 1, 1 << 30); });
  if (r.ok() && out.pages == 0 && holds(out.seen, Verdict::leak))
    r.fail(f.key_node("seen"), "seen: a leak needs a maximum number of pages",
           "add 'pages: N', the most base pages that one test leaves pinned");
  if (const Node* n = f.need("reason")) out.reason = r.text(*n, "reason");
  if (const Node* n = f.need("reference")) out.reference = r.text(*n, "reference");
  set(f, "without", out.without, [&](const Node& n) { return read_symbols(r, n, "without"); });
  set(f, "sometimes", out.sometimes, [&](const Node& n) { return r.truth(n, "sometimes"); });
  set(f, "expires", out.expires, [&](const Node& n) { return read_day(r, n); });
  if (r.ok()) out.range = read_range(r, f, project);
  if (!r.ok()) return r.error();
  return out;
}

/// Of these it is not known what ran behind them, or what they hide.
bool can_be_allowed(const std::string& kind) {
  return kind != "panic" && kind != "reboot" && kind != "events_lost";
}

std::string read_kind(Reader& r, const Node& n, const std::string& key) {
  const auto& kinds = model::event_kinds();
  const std::string kind = kinds[r.choice(n, key, kinds)];
  if (r.ok() && key == "allow" && !can_be_allowed(kind))
    r.fail(n, fmt::format("allow: a report of kind {} cannot be allowed", kind),
           "a test during which it comes has no result that could be judged");
  return kind;
}

SplatRule read_splat(Reader& r, const Node& n, const std::string& file, const fs::path& project) {
  SplatRule out;
  const Fields f(r, n, Section::splat);
  if (!r.ok()) return out;
  out.name = fmt::format("{}:{}", file, n.line);
  const Node* allow = f.get("allow");
  const Node* deny = f.get("deny");
  if ((allow == nullptr) == (deny == nullptr)) {
    r.fail(n, "a splat has one of 'allow: KIND' and 'deny: KIND'");
    return out;
  }
  out.allow = allow != nullptr;
  out.kind = out.allow ? read_kind(r, *allow, "allow") : read_kind(r, *deny, "deny");
  set(f, "title", out.title, [&](const Node& v) { return r.text(v, "title"); });
  if (const Node* v = f.need("reason")) out.reason = r.text(*v, "reason");
  set(f, "expires", out.expires, [&](const Node& v) { return read_day(r, v); });
  if (r.ok()) out.range = read_range(r, f, project);
  return out;
}

Result<std::vector<SplatRule>> load_splat_policy(const fs::path& project, const std::string& name) {
  PINRIG_TRY(file, find_named(project, policy_place(), name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::splat_policy);
  std::vector<SplatRule> out;
  if (!r.ok()) return r.error();
  if (const Node* n = f.need("splats")) {
    for (const auto& item : r.list(*n, "splats")) out.push_back(read_splat(r, item, name, project));
  }
  if (!r.ok()) return r.error();
  return out;
}

}  // namespace

Result<std::vector<SplatRule>> load_all_splat_rules(const fs::path& project) {
  std::vector<SplatRule> out;
  for (const auto& name : names_in(project, policy_place())) {
    PINRIG_TRY(rules, load_splat_policy(project, name));
    out.insert(out.end(), rules.begin(), rules.end());
  }
  return out;
}

Result<std::vector<Requirements>> load_all_requirements(const fs::path& project) {
  std::vector<Requirements> out;
  for (const auto& name : names_in(project, expectations_place())) {
    PINRIG_TRY(one, load_requirements(project, name));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<KnownIssue>> load_all_known_issues(const fs::path& project) {
  std::vector<KnownIssue> out;
  for (const auto& name : names_in(project, known_issue_place())) {
    PINRIG_TRY(one, load_known_issue(project, name));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace pinrig::spec
