// SPDX-License-Identifier: GPL-2.0
// configs/runs/NAME.yaml
#include <algorithm>

#include "base/text.h"
#include "spec/env.h"
#include "spec/places.h"
#include "spec/series_forms.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::RunSpec;

std::string read_point(Reader& r, const Node& n) {
  static const std::vector<std::string> words{"base", "tip", "each"};
  if (n.kind == Node::Kind::scalar && std::find(words.begin(), words.end(), n.text) != words.end())
    return n.text;
  if (n.kind == Node::Kind::scalar && n.text.find_first_not_of("0123456789-") != std::string::npos) {
    r.fail(n, fmt::format("points: '{}' is not a point: expected base, tip, each or a patch number", n.text));
    return {};
  }
  return std::to_string(r.whole(n, "points", 0, 9999));
}

/// A series given as a path counts from the run file.
std::string read_series(Reader& r, const Node& n, const fs::path& project, const fs::path& file) {
  const std::string name = r.text(n, "series");
  if (!r.ok()) return {};
  if (name.find(':') != std::string::npos) {
    const fs::path folder = fs::absolute(file).parent_path();
    const bool url = name.find("://") != std::string::npos;
    if (const auto error = almost_range(url ? name : (folder / name).lexically_normal().string()))
      r.fail(n, error->message, error->hint);
    if (!r.ok()) return {};
  }
  if (!is_series_path(name)) {
    check_named(r, n, "series", project, series_place());
    return name;
  }
  const std::string path = absolute_series(name, fs::absolute(file).parent_path());
  if (!range_form(path)) check_exists(r, n, "series", path);
  return path;
}

void read_source(Reader& r, const Fields& f, RunSpec& run, const fs::path& project, const fs::path& file) {
  const Node* series = f.get("series");
  const Node* base = f.get("base");
  if (series == nullptr && base == nullptr)
    r.fail(f.node(), "a run needs 'series' or 'base'",
           "add 'base: NAME', 'series: NAME', or both: the series on that base");
  if (series != nullptr) run.series = read_series(r, *series, project, file);
  if (base != nullptr && r.ok()) {
    check_named(r, *base, "base", project, base_place());
    run.base = base->text;
  }
}

void read_points(Reader& r, const Fields& f, RunSpec& run) {
  run.points =
      run.series.empty() ? std::vector<std::string>{"base"} : std::vector<std::string>{"base", "tip"};
  const Node* n = f.get("points");
  if (n == nullptr) return;
  run.points.clear();
  run.points_where = r.wheres(*n);
  for (const auto& item : r.list(*n, "points")) {
    run.points.push_back(read_point(r, item));
    if (run.series.empty() && run.points.back() != "base" && run.points.back() != "0")
      r.fail(item, fmt::format("points: '{}' needs a series; this run only has a base", item.text),
             "add a series, or remove points");
  }
}

std::vector<std::string> read_fragments(Reader& r, const Node& n, const std::string& key,
                                        const fs::path& project) {
  std::vector<std::string> out;
  for (const auto& item : r.list(n, key)) {
    check_named(r, item, key, project, fragment_place());
    if (std::find(out.begin(), out.end(), item.text) != out.end())
      r.fail(item, fmt::format("{}: duplicate '{}'", key, item.text));
    out.push_back(item.text);
  }
  return out;
}

/// `fragments:` is one configuration without a name, `configs:` several with names that become columns.
void read_configs(Reader& r, const Fields& f, RunSpec& run, const fs::path& project) {
  const Node* fragments = f.get("fragments");
  const Node* configs = f.get("configs");
  if (fragments != nullptr && configs != nullptr)
    r.fail(f.key_node("fragments"), "'fragments' and 'configs' are mutually exclusive",
           "give each configuration a name below 'configs'");
  if (fragments != nullptr && r.ok())
    run.configs = {{"", read_fragments(r, *fragments, "fragments", project)}};
  if (configs == nullptr || !r.ok()) return;
  run.configs.clear();
  if (configs->kind != Node::Kind::map || configs->keys.empty())
    r.fail(*configs, "configs: expected a mapping of NAME: [fragments]");
  for (std::size_t i = 0; i < configs->keys.size() && r.ok(); ++i)
    run.configs.push_back({r.word(configs->keys[i], "configs"),
                           read_fragments(r, configs->items[i], configs->keys[i].text, project)});
}

void read_matrix(Reader& r, const Fields& f, RunSpec& run, const fs::path& project) {
  read_configs(r, f, run, project);
  if (const Node* n = f.get("machine")) {
    check_named(r, *n, "machine", project, machine_place());
    run.machine = n->text;
  }
  set(f, "archs", run.archs, [&](const Node& n) { return read_archs(r, n); });
  set(f, "suites", run.suites, [&](const Node& n) { return r.texts(n, "suites"); });
  if (const Node* n = f.get("suites")) run.suites_where = r.wheres(*n);
  set(f, "quick", run.quick, [&](const Node& n) { return r.truth(n, "quick"); });
  if (const Node* n = f.get("accel")) {
    static constexpr model::Accel values[] = {model::Accel::automatic, model::Accel::kvm, model::Accel::tcg};
    run.accel = values[r.choice(*n, "accel", {"auto", "kvm", "tcg"})];
  }
  if (const Node* n = f.get("selftests_from")) {
    check_named(r, *n, "selftests_from", project, base_place());
    run.selftests_from = n->text;
  }
}

}  // namespace

Result<RunSpec> load_run(const fs::path& project, const std::string& name) {
  fs::path file = name;
  if (!is_path(name)) {
    PINRIG_TRY(found, find_named(project, run_place(), name));
    file = found;
  }
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::run);
  RunSpec run;
  run.where = r.where(root);
  run.name = file.stem().string();
  run.archs = {model::Arch::x86_64, model::Arch::aarch64};
  run.configs = {{"", {"base", "pin"}}};
  run.machine = "default";
  run.suites = {"*"};
  set(f, "name", run.name, [&](const Node& n) { return r.word(n, "name"); });
  if (r.ok()) read_source(r, f, run, project, file);
  if (r.ok()) read_points(r, f, run);
  if (r.ok()) read_matrix(r, f, run, project);
  if (r.ok()) set(f, "expect", run.expect, [&](const Node& n) { return read_expect(r, n, run.same); });
  if (r.ok()) set(f, "env", run.env, [&](const Node& n) { return read_test_envs(r, n); });
  if (!r.ok()) return r.error();
  return run;
}

}  // namespace pinrig::spec
