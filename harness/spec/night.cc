// SPDX-License-Identifier: GPL-2.0
// configs/nights/NAME.yaml
#include "spec/night.h"

#include <algorithm>
#include <set>

#include "spec/env.h"
#include "spec/places.h"

namespace pinrig::spec {
namespace {

using model::NightSpec;
using model::NightStep;

constexpr int most_hours = 168;

/// "06:30"
std::string read_hour(Reader& r, const Node& n) {
  const std::string s = r.text(n, "until");
  const auto digit = [&](std::size_t i, char most) { return s[i] >= '0' && s[i] <= most; };
  const bool good = s.size() == 5 && s[2] == ':' && digit(0, '2') && digit(1, s[0] == '2' ? '3' : '9') &&
                    digit(3, '5') && digit(4, '9');
  if (r.ok() && !good)
    r.fail(n, fmt::format("until: '{}' is not a time of day", s), "write HH:MM in UTC, as in \"06:30\"");
  return s;
}

/// "SUITE/TEST:NAME"
std::string read_seed(Reader& r, const Node& n) {
  const std::string s = r.text(n, "seed");
  const auto colon = s.find(':');
  if (r.ok() && (colon == std::string::npos || colon == 0 || colon + 1 == s.size() || colon > s.size() ||
                 s.find('/') > colon))
    r.fail(n, fmt::format("seed: '{}' names no variable of a test", s),
           "write SUITE/TEST:NAME, as in stress/all:PINRIG_STRESS_SEED");
  return s;
}

/// Exactly one of run and prove; each is the name of a run file.
void read_kind(Reader& r, const Fields& f, NightStep& step, const fs::path& project) {
  const Node* run = f.get("run");
  const Node* prove = f.get("prove");
  if (!r.ok()) return;
  if ((run == nullptr) == (prove == nullptr)) {
    r.fail(f.node(), "a step has one of 'run: FILE' and 'prove: FILE'", "FILE is a name in configs/runs");
    return;
  }
  const Node& n = run != nullptr ? *run : *prove;
  step.kind = run != nullptr ? NightStep::Kind::run : NightStep::Kind::prove;
  step.spec = r.text(n, run != nullptr ? "run" : "prove");
  if (r.ok() && !is_path(step.spec))
    check_named(r, n, run != nullptr ? "run" : "prove", project, run_place());
}

NightStep read_step(Reader& r, const Node& n, const fs::path& project) {
  NightStep step;
  const Fields f(r, n, Section::night_step);
  step.where = r.where(n);
  if (r.ok()) read_kind(r, f, step, project);
  if (!r.ok()) return step;
  if (const Node* v = f.need("name")) step.name = r.word(*v, "name");
  if (const Node* v = f.get("base")) {
    check_named(r, *v, "base", project, base_place());
    step.base = v->text;
  }
  set(f, "archs", step.archs, [&](const Node& v) { return read_archs(r, v); });
  set(f, "tests", step.tests, [&](const Node& v) { return r.texts(v, "tests"); });
  set(f, "env", step.env, [&](const Node& v) { return read_test_envs(r, v); });
  set(f, "against", step.against, [&](const Node& v) { return r.word(v, "against"); });
  set(f, "debug", step.debug, [&](const Node& v) { return r.truth(v, "debug"); });
  if (const Node* v = f.get("seed")) {
    for (const auto& item : r.list(*v, "seed")) step.seeds.push_back(read_seed(r, item));
  }
  const bool prove = step.kind == NightStep::Kind::prove;
  for (const char* key : {"base", "env", "seed", "debug", "against"}) {
    if (r.ok() && prove && f.get(key) != nullptr)
      r.fail(f.key_node(key), fmt::format("'{}' is for a run, and this step is a prove", key));
  }
  if (r.ok() && prove && step.archs.size() > 1)
    r.fail(f.key_node("archs"), "archs: a prove has one architecture", "make it two steps");
  return step;
}

}  // namespace

Result<NightSpec> load_night(const fs::path& project, const std::string& name) {
  fs::path file = name;
  if (!is_path(name)) {
    PINRIG_TRY(found, find_named(project, night_place(), name));
    file = found;
  }
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::night);
  NightSpec out;
  out.name = file.stem().string();
  if (r.ok()) set(f, "until", out.until, [&](const Node& n) { return read_hour(r, n); });
  if (r.ok()) set(f, "hours", out.hours, [&](const Node& n) { return r.whole(n, "hours", 1, most_hours); });
  if (r.ok()) set(f, "disk", out.disk_mib, [&](const Node& n) { return r.size_mib(n, "disk", true); });
  std::set<std::string> names;
  if (const Node* n = r.ok() ? f.need("steps") : nullptr) {
    for (const auto& item : r.list(*n, "steps")) {
      auto step = read_step(r, item, project);
      if (r.ok() && !names.insert(step.name).second)
        r.fail(item, fmt::format("name: duplicate '{}'", step.name),
               "its log and its history have this name");
      out.steps.push_back(std::move(step));
    }
  }
  if (!r.ok()) return r.error();
  return out;
}

}  // namespace pinrig::spec
