// SPDX-License-Identifier: GPL-2.0
#include "run/run_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "image/guest_sources.h"
#include "kbuild/configure.h"
#include "process/process.h"
#include "vm/qemu_args.h"

namespace pinrig::run {
namespace {

using nlohmann::ordered_json;

/// The first line that a program says of its version; empty when it is not installed.
std::string version_of(const std::string& program, const CancelToken& cancel) {
  const auto said = process::run({.argv = {program, "--version"}}, cancel);
  return said.has_value() && process::succeeded(said->status) ? said->out.substr(0, said->out.find('\n'))
                                                              : "";
}

/// "3f2a...", "3f2a...-dirty": of the checkout itself, never of a repository around it.
std::string commit_of(const fs::path& project, const CancelToken& cancel) {
  process::Command c;
  c.argv = {"git", "-C", project.string(), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"};
  c.env = {{"LC_ALL", "C"}, {"GIT_CEILING_DIRECTORIES", project.parent_path().string()}};
  c.unset = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"};
  const auto said = process::run(c, cancel);
  return said.has_value() && process::succeeded(said->status) ? std::string(trim(said->out)) : "unknown";
}

void add_all(ordered_json& j, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [name, value] : values) j[name] = value;
}

ordered_json hash_of(const fs::path& file) {
  const auto text = read_file(file);
  return text.has_value() ? ordered_json(Sha256().bytes(*text).hex()) : ordered_json(nullptr);
}

}  // namespace

ordered_json command_json() {
  ordered_json argv = ordered_json::array();
  if (const auto text = read_file("/proc/self/cmdline"); text.has_value()) {
    for (const auto& word : split(*text, '\0')) argv.push_back(word);
    if (!argv.empty() && argv.back() == "") argv.erase(argv.size() - 1);  // each word ends with a NUL
  }
  std::error_code ec;
  return {{"argv", std::move(argv)}, {"cwd", fs::current_path(ec).string()}};
}

ordered_json base_json(const model::KernelBase& base) {
  using Base = model::KernelBase;
  ordered_json j{{"name", base.name}};
  if (const auto* debian = std::get_if<Base::Debian>(&base.source))
    add_all(j, {{"kind", "debian"}, {"package", debian->package}, {"suite", debian->suite}});
  if (const auto* git = std::get_if<Base::Git>(&base.source))
    add_all(j, {{"kind", "git"}, {"url", git->url}, {"rev", git->rev}});
  if (const auto* tarball = std::get_if<Base::Tarball>(&base.source))
    add_all(j, {{"kind", "tarball"}, {"path", tarball->path}});
  j["file"] = base.where.file;
  return j;
}

ordered_json series_json(const model::Series& series) {
  using Series = model::Series;
  ordered_json j{{"name", series.name}};
  if (const auto* mbox = std::get_if<Series::Mbox>(&series.patches))
    add_all(j, {{"kind", "mbox"}, {"path", mbox->path}});
  if (const auto* dir = std::get_if<Series::PatchDir>(&series.patches))
    add_all(j, {{"kind", "directory"}, {"path", dir->path}});
  if (const auto* range = std::get_if<Series::GitRange>(&series.patches))
    add_all(j, {{"kind", "git"}, {"repo", range->repo}, {"range", range->range}});
  j["file"] = series.where.file;
  return j;
}

ordered_json fragments_json(const plan::Plan& plan, const fs::path& project) {
  ordered_json j = ordered_json::object();
  for (const auto& k : plan.kernels) {
    for (const auto& name : kbuild::all_fragments(project, k.config.fragments, k.arch))
      j[name] = hash_of(project / "configs" / "fragments" / (name + ".config"));
  }
  return j;
}

ordered_json guest_programs_json(const fs::path& project) {
  const auto sources = image::read_guest_sources(project);
  return sources.has_value() ? ordered_json(image::hash_of(*sources)) : ordered_json(nullptr);
}

ordered_json environment_json() {
  auto names = process::build_variables();
  names.emplace_back("PINRIG_*");
  ordered_json j = ordered_json::object();
  for (const auto& [name, value] : process::own_variables(names)) j[name] = value;
  return j;
}

ordered_json versions_json(const std::vector<model::Arch>& archs, const Services& services) {
  ordered_json j{{"pinrig", PINRIG_VERSION},
                 {"pinrig_commit", commit_of(services.paths.project, services.cancel)}};
  std::vector<std::string> programs;
  for (const auto arch : archs) programs.push_back(vm::qemu_program(arch));
  programs.insert(programs.end(), {"make", "gcc", "as", "ld"});
  for (const auto arch : archs) {
    for (const char* tool : {"gcc", "as", "ld"})
      programs.push_back(fmt::format("{}-linux-gnu-{}", to_string(arch), tool));
  }
  for (const auto& program : programs) j[program] = version_of(program, services.cancel);
  return j;
}

}  // namespace pinrig::run
