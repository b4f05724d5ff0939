// SPDX-License-Identifier: GPL-2.0
#include "kbuild/configure.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kconfig/check.h"
#include "kconfig/tree.h"

namespace pinrig::kbuild {
namespace {

/// The folder below arch/ that holds an architecture's Kconfig.
const char* srcarch(model::Arch arch) { return arch == model::Arch::x86_64 ? "x86" : "arm64"; }

fs::path all_config_file(const Tree& tree) { return tree.objdir / "pinrig-all.config"; }

std::vector<std::string> known_fragments(const fs::path& dir) {
  std::vector<std::string> names;
  std::error_code ec;
  for (fs::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().extension() == ".config") names.push_back(it->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Error no_such_fragment(const fs::path& dir, const std::string& name) {
  const auto known = known_fragments(dir);
  return make_error(ErrorKind::bad_input,
                    fmt::format("no fragment '{}': {} does not exist{}", name,
                                (dir / (name + ".config")).string(), did_you_mean(name, known)),
                    "available: " + join(known, ", "));
}

/// What `make tinyconfig` starts from, with the request on top. Ours comes last: for a choice the last line
/// wins.
Result<std::string> all_config(const Tree& tree, const kconfig::Request& request) {
  std::string out;
  for (const std::string& file : tiny_configs(tree.arch)) {
    const auto text = read_file(tree.source / file);
    if (text.has_error()) continue;
    for (const auto& [symbol, value] : kconfig::parse_config(text.value())) {
      if (!request.contains(symbol)) out += kconfig::config_line(symbol, value) + '\n';
    }
  }
  return out + kconfig::to_config_text(request);
}

std::optional<std::string> file_of(const fs::path& source, const std::string& path) {
  auto text = read_file(source / path);
  if (text.has_error()) return std::nullopt;
  return std::move(text).value();
}

Result<void> check(const Tree& tree, const kconfig::Request& request, const KernelName& kernel) {
  PINRIG_TRY(text, read_file(tree.objdir / ".config"));
  const auto effective = kconfig::parse_config(text);
  auto suspects = kconfig::differing(request, effective);
  for (auto& w : kconfig::unmentioned(request, effective)) suspects.push_back(std::move(w));
  if (suspects.empty()) return {};
  const auto known = kconfig::parse_tree(srcarch(tree.arch),
                                         [&](const std::string& path) { return file_of(tree.source, path); });
  const auto failures = kconfig::explain(suspects, effective, known);
  if (failures.empty()) return {};
  const auto version = kconfig::parse_version(kernel.version).value_or(kconfig::Version{});
  return kconfig::config_error(failures, kernel.text(), version);
}

}  // namespace

std::string KernelName::text() const { return fmt::format("{} ({})", label, version); }

std::vector<std::string> configure_targets(const Tree& tree) {
  return {"KCONFIG_ALLCONFIG=" + all_config_file(tree).string(), "allnoconfig"};
}

std::vector<std::string> tiny_configs(model::Arch arch) {
  return {"kernel/configs/tiny-base.config", "kernel/configs/tiny.config",
          fmt::format("arch/{}/configs/tiny.config", srcarch(arch))};
}

std::vector<std::string> all_fragments(const fs::path& project, const std::vector<std::string>& names,
                                       model::Arch arch) {
  const std::string architecture = model::to_string(arch);
  std::vector<std::string> all;
  for (const auto& name : names) {
    all.push_back(name);
    const std::string beside = fmt::format("arch/{}.{}", name, architecture);
    if (fs::exists(project / "configs" / "fragments" / (beside + ".config"))) all.push_back(beside);
  }
  all.push_back("arch/" + architecture);
  return all;
}

Result<kconfig::Request> load_request(const fs::path& project, const std::vector<std::string>& names,
                                      model::Arch arch, const std::string& version) {
  const auto v = kconfig::parse_version(version);
  if (!v) return make_error(ErrorKind::bad_input, fmt::format("'{}' is not a kernel version", version), "");
  const fs::path dir = project / "configs" / "fragments";
  std::vector<kconfig::Fragment> fragments;
  for (const auto& name : all_fragments(project, names, arch)) {
    const fs::path path = dir / (name + ".config");
    if (!fs::exists(path)) return no_such_fragment(dir, name);
    PINRIG_TRY(text, read_file(path));
    PINRIG_TRY(fragment, kconfig::parse_fragment(path.lexically_relative(project).string(), text));
    fragments.push_back(std::move(fragment));
  }
  return kconfig::merge(fragments, *v);
}

Result<double> configure(const Tree& tree, const kconfig::Request& request, const KernelName& kernel,
                         const fs::path& log, const CancelToken& cancel) {
  PINRIG_TRY(text, all_config(tree, request));
  PINRIG_CHECK(write_file_atomic(all_config_file(tree), text));
  // One step does what tinyconfig, merge and olddefconfig do in three: conf takes the given values, sets all
  // else to n, and makes the result consistent. conf leaves an unchanged .config alone.
  MakeRun run{tree, configure_targets(tree), 1, log, {}};
  PINRIG_TRY(made, run_make(run, cancel));
  if (!made.ok) return make_failed(made.log.reason(), kernel.text() + ": configuring failed", log);
  PINRIG_CHECK(check(tree, request, kernel));
  return made.cpu_s;
}

}  // namespace pinrig::kbuild
