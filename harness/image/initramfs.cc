// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "image/cpio.h"
#include "image/guest_image.h"
#include "image/manifest.h"
#include "image/publish.h"

namespace pinrig::image {
namespace {

Result<fs::path> cached_cpio(const Manifest& manifest, const std::string& name, const Context& ctx) {
  PINRIG_TRY(entries, resolve(manifest));
  PINRIG_TRY(key, content_key(entries));
  const fs::path out = ctx.cache / "images" / fmt::format("{}-{}.cpio", name, key.substr(0, 16));
  PINRIG_CHECK(publish_once(out, token_or_never(ctx.cancel),
                            [&](const fs::path& partial) { return write_cpio(entries, partial); }));
  return out;
}

}  // namespace

Result<fs::path> base_initramfs(model::Arch arch, const fs::path& programs, const fs::path& sysroot,
                                const Context& ctx) {
  const fs::path file = ctx.project / "images" / "initramfs.manifest";
  PINRIG_TRY(text, read_file(file));
  PINRIG_TRY(manifest, parse_manifest(text, file, {{"programs", programs}, {"sysroot", sysroot}}));
  // Another pinrig of this checkout may be linking in the same directory.
  PINRIG_TRY(lock, lock_path(programs, token_or_never(ctx.cancel)));
  return cached_cpio(manifest, std::string("base-") + to_string(arch), ctx);
}

Result<fs::path> selftests_initramfs(const fs::path& selftests, const Context& ctx) {
  Entry dir;
  dir.type = Entry::Type::dir;
  dir.path = "/tests/kernel";
  Entry tree;
  tree.path = "/tests/kernel";
  tree.source = selftests;
  dir.where = tree.where = "the kernel's selftests";
  return cached_cpio(Manifest{{dir}, {tree}}, "selftests", ctx);
}

}  // namespace pinrig::image
