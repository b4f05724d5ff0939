// SPDX-License-Identifier: GPL-2.0
#include "job/kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/text.h"

namespace pinrig::job {
namespace {

/// Of the patches after `from`, up to `to`.
std::vector<std::string> files_between(int from, int to, const git::AppliedSeries& series) {
  std::set<std::string> files;
  for (const auto& p : series.patches) {
    if (p.number > from && p.number <= to) files.insert(p.files.begin(), p.files.end());
  }
  return {files.begin(), files.end()};
}

std::string flat(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::vector<std::string> counted_files(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  std::copy_if(files.begin(), files.end(), std::back_inserter(out), [](const std::string& f) {
    return f.ends_with(".c") && !f.starts_with("tools/") && !f.starts_with("scripts/");
  });
  return out;
}

std::string build_slot(const std::string& base, const std::vector<std::string>& fragments) {
  return fmt::format("{}-{}", base, join(fragments, "."));
}

Result<kbuild::Artifact> build_point(const model::Kernel& kernel, const git::Source& base,
                                     const git::AppliedSeries& series, const Platform& platform,
                                     const Services& services, LineCount lines, const model::Point* before) {
  if (const auto& f = series.failure; f && kernel.point.number >= f->number) return git::to_error(*f);
  kbuild::Request r;
  r.label = kernel.id;
  r.arch = kernel.arch;
  r.tree = kernel.point.tree;
  r.version = kernel.point.version;
  // Per configuration: make would rebuild everything each time another one comes along.
  r.slot = build_slot(base.name, kernel.config.fragments);
  r.fragments = kernel.config.fragments;
  r.series_files = files_between(0, kernel.point.number, series);
  if (lines == LineCount::on) r.counted = counted_files(r.series_files);
  r.sysroot = platform.sysroot;
  // Files of a folder are decided by the same Makefiles.
  r.read = [&, read = std::make_shared<std::map<std::string, std::optional<std::string>>>()](
               const std::string& path) -> std::optional<std::string> {
    const auto [at, fresh] = read->try_emplace(path);
    if (!fresh) return at->second;
    auto text = git::show_file(base, kernel.point.commit, path, work_context(services, kernel.id, "source"));
    if (text.has_value()) at->second = std::move(*text);
    return at->second;
  };
  // The lock on the worktree lives as long as the request that may build in it.
  auto held = std::make_shared<std::optional<git::Worktree>>();
  r.checkout = [&, held]() -> Result<kbuild::Place> {
    held->reset();  // of the point before, in the same worktree
    PINRIG_TRY(tree, git::checkout(base, kernel.point.commit, base.name,
                                   work_context(services, kernel.id, "source")));
    *held = std::move(tree);
    return kbuild::Place{(*held)->path, (*held)->root / "build"};
  };
  if (before != nullptr && lines == LineCount::off) {
    r.before.emplace();
    r.before->tree = before->tree;
    r.before->files = files_between(before->number, kernel.point.number, series);
    r.before->checkout = [&, held, before]() -> Result<kbuild::Place> {
      PINRIG_TRY(tree,
                 git::checkout(base, before->commit, base.name, work_context(services, kernel.id, "source")));
      *held = std::move(tree);
      return kbuild::Place{(*held)->path, (*held)->root / "build"};
    };
  }
  return kbuild::build_kernel(r, work_context(services, kernel.id, "build"));
}

model::JobOutcome outcome_of_error(const Error& error) {
  using Kind = model::JobOutcome::Kind;
  const std::string detail = flat(error.message);
  switch (error.kind) {
    case ErrorKind::apply_failed:
      return {Kind::apply_failed, model::Phase::apply, detail};
    case ErrorKind::build_failed:
    case ErrorKind::bad_input:
      return {Kind::build_failed, model::Phase::build, detail};
    case ErrorKind::cancelled:
      return {Kind::cancelled, model::Phase::none, detail};
    default:
      return {Kind::infra_error, model::Phase::none, detail};
  }
}

}  // namespace pinrig::job
