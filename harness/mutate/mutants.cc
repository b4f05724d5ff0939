// SPDX-License-Identifier: GPL-2.0
#include "mutate/mutants.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/text.h"
#include "mutate/rewrite.h"
#include "spec/spec.h"

namespace pinrig::mutate {
namespace {

// Of PINRIG_MUTANTS in kernels/mutate/pinrig_mutant.h.
constexpr int max_mutants = 8191;

bool any_glob(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(), [&](const auto& g) { return glob_match(g, text); });
}

// The tip of a series on the base, as a tree of its own.
Result<git::Source> tip_of(const git::Source& base, const git::AppliedSeries& series) {
  if (series.failure) return git::to_error(*series.failure);
  git::Source tip = base;
  tip.commit = series.patches.back().commit;
  tip.tree = series.patches.back().tree;
  if (!series.patches.back().version.empty()) tip.version = series.patches.back().version;
  return tip;
}

std::vector<std::string> c_files_of(const git::AppliedSeries& series) {
  std::set<std::string> out;
  for (const auto& p : series.patches) {
    for (const auto& f : p.files) {
      if (f.ends_with(".c") && !f.starts_with("tools/")) out.insert(f);
    }
  }
  return {out.begin(), out.end()};
}

// Paths of the tree that the globs match, in the order of the globs.
Result<std::vector<std::string>> paths_of(const std::vector<std::string>& globs, bool strict,
                                          const git::Source& tree, MutantSet& set, const WorkContext& ctx) {
  PINRIG_TRY(all, git::list_files(tree, tree.commit, ctx));
  std::vector<std::string> out;
  for (const auto& glob : globs) {
    bool found = false;
    for (const auto& path : all) {
      if (!glob_match(glob, path)) continue;
      found = true;
      if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
    }
    if (!found && strict)
      return make_error(ErrorKind::bad_input, fmt::format("--file {}: no such file in {}{}", glob, tree.name,
                                                          did_you_mean(glob, all)));
    if (!found) set.notes.push_back(fmt::format("{}: not in {} ({})", glob, tree.name, tree.version));
  }
  return out;
}

// The first of them.
std::string few(const std::vector<std::string>& paths) {
  constexpr std::size_t most = 6;
  const std::vector<std::string> first(
      paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(std::min(paths.size(), most)));
  const std::string more = paths.size() > most ? fmt::format(" and {} more", paths.size() - most) : "";
  return join(first, ", ") + more;
}

}  // namespace

std::vector<model::Mutant> MutantSet::all() const {
  std::vector<model::Mutant> out;
  for (const auto& f : files) {
    for (const auto& c : f.candidates) out.push_back(c.mutant);
  }
  return out;
}

Result<MutantSet> find_mutants(const MutateOptions& o, const run::Inputs& in, const run::Sources& sources,
                               const Services& services) {
  const auto ctx = job::work_context(services, "mutants", "source");
  MutantSet set;
  set.tree = sources.base;
  std::vector<std::string> globs = o.files;
  if (!o.series.empty()) {
    PINRIG_TRY(series, spec::load_series(services.paths.project, o.series));
    series.base = in.base.name;
    PINRIG_TRY(applied, git::apply_series(sources.base, series, ctx));
    PINRIG_TRY(tip, tip_of(sources.base, applied));
    set.tree = std::move(tip);
    if (globs.empty()) globs = c_files_of(applied);
  }
  if (globs.empty()) {
    PINRIG_TRY(listed, spec::load_mutation_files(services.paths.project));
    globs = listed.files;
  }
  PINRIG_TRY(paths, paths_of(globs, !o.files.empty(), set.tree, set, ctx));
  int number = 0;
  std::vector<std::string> nothing;
  for (const auto& path : paths) {
    PINRIG_TRY(text, git::show_file(set.tree, set.tree.commit, path, ctx));
    MutantFile file{path, Source(std::move(text)), {}};
    LineFilter lines;
    if (!o.series.empty()) {
      PINRIG_TRY(changed, git::changed_lines(set.tree, sources.base.commit, set.tree.commit, path, ctx));
      lines = [only = std::set<int>(changed.begin(), changed.end())](int line) {
        return only.contains(line);
      };
    }
    file.candidates = candidates(file.source, path, lines);
    for (auto& c : file.candidates) c.mutant.number = ++number;
    if (file.candidates.empty()) {
      nothing.push_back(path);
    } else {
      set.files.push_back(std::move(file));
    }
  }
  if (!nothing.empty()) set.notes.push_back("nothing to mutate: " + few(nothing));
  if (number == 0)
    return make_error(ErrorKind::bad_input, "no mutants: nothing in these files takes, moves or drops pins");
  if (number > max_mutants)
    return make_error(ErrorKind::bad_input,
                      fmt::format("{} mutants, at most {} fit into a kernel", number, max_mutants),
                      "choose files with --file");
  return set;
}

std::vector<model::Mutant> chosen(const MutantSet& set, const MutateOptions& o) {
  std::vector<model::Mutant> out = set.all();
  const auto holds = [](const auto& list, const auto& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  std::erase_if(out, [&](const model::Mutant& m) {
    return !holds(o.operators, m.op) || !holds(o.numbers, m.number) ||
           (!o.functions.empty() && !any_glob(o.functions, m.function));
  });
  // Not std::shuffle(): the same seed has to give the same order with every library.
  std::mt19937_64 random(static_cast<std::uint64_t>(o.seed));
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[random() % i]);
  if (o.sample > 0 && static_cast<std::size_t>(o.sample) < out.size())
    out.erase(out.begin() + o.sample, out.end());
  return out;
}

Result<model::Series> write_series(const MutantSet& set, const std::set<int>& dropped, const fs::path& dir,
                                   const Services& services) {
  const auto ctx = job::work_context(services, "mutants", "source");
  const fs::path ours = services.paths.project / "kernels/mutate";
  PINRIG_TRY(header, read_file(ours / "pinrig_mutant.h"));
  PINRIG_TRY(code, read_file(ours / "pinrig_mutant.c"));
  PINRIG_TRY(makefile, git::show_file(set.tree, set.tree.commit, "lib/Makefile", ctx));
  std::vector<FileChange> changes{{"include/linux/pinrig_mutant.h", "", std::move(header)},
                                  {"lib/pinrig_mutant.c", "", std::move(code)},
                                  {"lib/Makefile", makefile, makefile + "obj-y += pinrig_mutant.o\n"}};
  for (const auto& f : set.files) {
    auto kept = f.candidates;
    std::erase_if(kept, [&](const Candidate& c) { return dropped.contains(c.mutant.number); });
    if (!kept.empty()) changes.push_back({f.path, f.source.text, rewritten(f.source, kept)});
  }
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_CHECK(write_file_atomic(dir / "0001-mutants.patch", patch_of(changes, "pinrig: mutants")));
  model::Series series;
  series.name = "mutants";
  series.base = set.tree.name;
  series.patches = model::Series::PatchDir{dir.string()};
  return series;
}

}  // namespace pinrig::mutate
