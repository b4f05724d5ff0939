// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "image/cpio.h"
#include "image/guest_image.h"
#include "image/manifest.h"
#include "image/packages.h"
#include "image/publish.h"
#include "image/tools.h"

namespace pinrig::image {
namespace {

Result<fs::path> cached_cpio(const Manifest& manifest, const std::string& name, const WorkContext& ctx) {
  PINRIG_TRY(entries, resolve(manifest));
  PINRIG_TRY(key, content_key(entries));
  const fs::path out = ctx.cache / "images" / fmt::format("{}-{}.cpio", name, key.substr(0, 16));
  PINRIG_CHECK(publish_once(out, ctx, [&](const fs::path& partial) { return write_cpio(entries, partial); }));
  return out;
}

/// The files of several tools, each once: two tools may share one.
Result<Manifest> merged(const std::map<std::string, Manifest>& all, const std::vector<std::string>& tools,
                        const fs::path& file) {
  Manifest out;
  std::map<std::string, fs::path> sources;
  for (const std::string& tool : tools) {
    const auto found = all.find(tool);
    if (found == all.end()) {
      std::vector<std::string> known;
      for (const auto& [name, manifest] : all) known.push_back(name);
      return make_error(ErrorKind::bad_input, fmt::format("{} has no tool {}", file.string(), tool),
                        "known: " + join(known, ", "));
    }
    for (const Entry& entry : found->second.entries) {
      const auto [it, fresh] = sources.try_emplace(entry.path, entry.source);
      if (fresh || it->second != entry.source) out.entries.push_back(entry);
    }
    out.trees.insert(out.trees.end(), found->second.trees.begin(), found->second.trees.end());
  }
  return out;
}

}  // namespace

namespace {

Result<fs::path> from_manifest(const std::string& name, model::Arch arch, const fs::path& programs,
                               const fs::path& sysroot, const WorkContext& ctx) {
  const fs::path file = ctx.project / "images" / name;
  PINRIG_TRY(text, read_file(file));
  PINRIG_TRY(manifest, parse_manifest(text, file, {{"programs", programs}, {"sysroot", sysroot}}));
  // Another pinrig of this checkout may be linking in the same directory.
  PINRIG_TRY(lock, lock_path(programs, ctx));
  return cached_cpio(manifest, fmt::format("{}-{}", file.stem().string(), to_string(arch)), ctx);
}

}  // namespace

Result<fs::path> base_initramfs(model::Arch arch, const fs::path& programs, const fs::path& sysroot,
                                const WorkContext& ctx) {
  return from_manifest("initramfs.manifest", arch, programs, sysroot, ctx);
}

Result<fs::path> shell_initramfs(model::Arch arch, const fs::path& programs, const fs::path& sysroot,
                                 const WorkContext& ctx) {
  return from_manifest("shell.manifest", arch, programs, sysroot, ctx);
}

Result<fs::path> selftests_initramfs(const fs::path& selftests, const std::vector<std::string>& names,
                                     const WorkContext& ctx) {
  if (!fs::is_directory(selftests))
    return make_error(ErrorKind::bad_input,
                      fmt::format("the kernel's selftests: {} is not a directory", selftests.string()));
  Entry dir;
  dir.type = Entry::Type::dir;
  dir.path = "/tests/kernel";
  dir.where = "the kernel's selftests";
  Manifest manifest{{dir}, {}};
  for (const auto& name : std::set<std::string>(names.begin(), names.end())) {
    Entry program;
    program.path = "/tests/kernel/" + name;
    program.source = selftests / name;
    program.mode = 0755;
    program.where = dir.where;
    std::error_code ec;
    if (fs::is_regular_file(program.source, ec)) manifest.entries.push_back(std::move(program));
  }
  return cached_cpio(manifest, "selftests", ctx);
}

Result<fs::path> tools_initramfs(model::Arch arch, const std::vector<std::string>& tools,
                                 const WorkContext& ctx) {
  const fs::path file = ctx.project / "images" / "full.tools";
  PINRIG_TRY(text, read_file(file));
  PINRIG_TRY(sysroot, ensure_tools_sysroot(arch, ctx));
  PINRIG_TRY(all, parse_tools(text, file,
                              {{"sysroot", sysroot}, {"libraries", sysroot / "usr/lib" / triplet(arch)}}));
  PINRIG_TRY(chosen, merged(all, tools, file));
  PINRIG_TRY(entries, resolve(chosen));
  PINRIG_TRY(with, with_libraries(std::move(entries), sysroot, arch));
  return cached_cpio(Manifest{std::move(with), {}}, fmt::format("tools-{}", to_string(arch)), ctx);
}

}  // namespace pinrig::image
