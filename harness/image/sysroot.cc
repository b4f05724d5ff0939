// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/cache_use.h"
#include "base/environment.h"
#include "base/hash.h"
#include "base/text.h"
#include "image/guest_image.h"
#include "image/packages.h"
#include "image/publish.h"
#include "process/process.h"

namespace pinrig::image {
namespace {

// Counts up when the steps below change what a sysroot holds.
constexpr std::string_view sysroot_recipe = "sysroot 1";

/// A list of packages and what is made of it.
struct Kind {
  const char* file;     ///< below images/
  const char* prefix;   ///< of the directory in the cache
  const char* label;    ///< in what is shown
  std::uintmax_t room;  ///< bytes: the unpacked files and the packages
  bool compiles;        ///< programs are compiled against it
};
constexpr Kind for_compiling = {"sysroot.packages", "", "sysroot", 400u << 20, true};
constexpr Kind for_tools = {"full.packages", "full-", "tools' sysroot", 700u << 20, false};

std::string key_of(model::Arch arch, const PackageList& list) {
  Sha256 hash;
  hash.field(sysroot_recipe).field(debian_arch(arch)).field(list.suite);
  for (const std::string& package : list.packages) hash.field(package);
  return hash.hex().substr(0, 16);
}

/// What mmdebstrap says while it works: its "I:" lines are the steps, the rest explains a failure.
class Listener {
 public:
  Listener(std::string label, const WorkContext& ctx) : label_(std::move(label)), ctx_(ctx) {}

  void take(std::string_view bytes) {
    all_ += bytes;
    for (auto end = all_.find('\n', seen_); end != std::string::npos; end = all_.find('\n', seen_)) {
      line(std::string_view(all_).substr(seen_, end - seen_));
      seen_ = end + 1;
    }
  }
  const std::string& step() const { return step_; }
  const std::string& all() const { return all_; }

 private:
  void line(std::string_view text) {
    if (!text.starts_with("I: ")) return;
    text.remove_prefix(3);
    for (const char* noise : {"main() received", "skipping ", "finding ", "automatically ", "success "}) {
      if (text.starts_with(noise)) return;
    }
    while (text.ends_with('.')) text.remove_suffix(1);
    step_ = text;
    ctx_.tell({.what = label_ + ": " + step_});
  }

  std::string label_;
  const WorkContext& ctx_;
  std::string all_;
  std::string step_ = "starting";
  std::size_t seen_ = 0;
};

/// What mmdebstrap and apt call errors; the end of everything when they call nothing so.
std::string reasons(std::string_view text) {
  const auto all = lines(text);
  std::string errors;
  std::string last;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].starts_with("E: ") && all[i] != "E: mmdebstrap failed to run")
      errors += fmt::format("\n  {}", all[i]);
    if (i + 8 >= all.size()) last += fmt::format("\n  {}", all[i]);
  }
  return errors.empty() ? last : errors;
}

Error explain(const Kind& kind, const Listener& listener, const std::string& status) {
  const std::string& err = listener.all();
  const auto has = [&](std::string_view text) { return err.find(text) != std::string::npos; };
  const std::string message =
      fmt::format("mmdebstrap failed ({}) at \"{}\":{}", status, listener.step(), reasons(err));
  if (has("No space left on device") || has("enough free space")) {
    return make_error(ErrorKind::disk_full, message,
                      "free some space, or point PINRIG_CACHE at a larger disk");
  }
  if (has("Unable to locate package")) {
    return make_error(ErrorKind::bad_input, message,
                      fmt::format("correct images/{}: the suite has no such package", kind.file));
  }
  if (has("Could not resolve") || has("Failed to fetch") || has("Could not connect") ||
      has("Unable to connect") || has("Connection timed out")) {
    return make_error(
        ErrorKind::infra, message,
        "the packages come over the network: check the connection and apt's proxy settings, or set "
        "reachable mirror in PINRIG_MIRROR");
  }
  return make_error(ErrorKind::infra, message);
}

std::vector<std::string> mmdebstrap_argv(model::Arch arch, const PackageList& list, const fs::path& target) {
  // extract unpacks and runs no maintainer script, so that chrootless harms nothing and needs neither root
  // nor user namespaces nor device nodes; the files belong to whoever runs us.
  std::vector<std::string> argv = {"mmdebstrap",
                                   "--variant=extract",
                                   "--mode=chrootless",
                                   "--format=directory",
                                   std::string("--architectures=") + debian_arch(arch),
                                   "--include=" + join(list.packages, ","),
                                   list.suite,
                                   target.string()};
  if (const auto mirror = environment("PINRIG_MIRROR")) argv.push_back(*mirror);
  return argv;
}

/// libfoo.so -> /lib/aarch64-linux-gnu/libfoo.so.1 would be the host's library: such links become relative.
Result<void> make_links_relative(const fs::path& root) {
  std::error_code ec;
  fs::recursive_directory_iterator it(root, ec);
  if (ec) return errno_error("reading " + root.string(), ec.value());
  for (; it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (ec) return errno_error("reading " + root.string(), ec.value());
    if (!it->is_symlink(ec)) continue;
    const fs::path target = fs::read_symlink(it->path(), ec);
    if (ec || !target.is_absolute()) continue;
    const fs::path inside = (root / target.relative_path()).lexically_relative(it->path().parent_path());
    fs::remove(it->path(), ec);
    fs::create_symlink(inside, it->path(), ec);
    if (ec) return errno_error("making " + it->path().string() + " relative", ec.value());
  }
  if (ec) return errno_error("reading " + root.string(), ec.value());
  return {};
}

/// A package list without the C library makes a sysroot that fails much later and less clearly.
Result<void> check_complete(const fs::path& root, model::Arch arch) {
  for (const fs::path& need : {fs::path("usr/lib") / triplet(arch) / "libc.a",
                               fs::path("usr/include/stdio.h"), fs::path("bin/busybox")}) {
    std::error_code ec;
    if (fs::exists(root / need, ec) || fs::exists(root / "usr" / need, ec)) continue;
    return make_error(ErrorKind::bad_input, fmt::format("the sysroot has no {}", need.string()),
                      "images/sysroot.packages must name libc6-dev and busybox-static");
  }
  return {};
}

Result<void> make_sysroot(const Kind& kind, model::Arch arch, const PackageList& list, const WorkContext& ctx,
                          const fs::path& partial) {
  const std::string label = fmt::format("{} {}", kind.label, to_string(arch));
  PINRIG_TRY(space, free_bytes(ctx.cache));
  if (space < kind.room) {
    return make_error(ErrorKind::disk_full,
                      fmt::format("{} free at {}: a sysroot needs {}", human_bytes(space), ctx.cache.string(),
                                  human_bytes(kind.room)),
                      "free some space, or point PINRIG_CACHE at a larger disk");
  }
  ctx.tell({.what = fmt::format("{}: {} packages", label, list.packages.size())});
  Listener listener(label, ctx);
  process::Command command;
  command.argv = mmdebstrap_argv(arch, list, partial);
  // mmdebstrap's own temporary directory: one that is killed cannot remove it, so it must not be /tmp.
  const fs::path scratch = partial.string() + ".tmp";
  std::error_code ec;
  fs::remove_all(scratch, ec);
  PINRIG_CHECK(make_dirs(scratch));
  command.env = {{"LC_ALL", "C"}, {"TMPDIR", fs::absolute(scratch).string()}};
  process::Sinks sinks;
  sinks.err = [&](std::string_view bytes) { listener.take(bytes); };
  const CancelToken& cancel = ctx.token();
  auto run = process::run(command, cancel, sinks);
  fs::remove_all(scratch, ec);
  if (run.has_error()) {
    Error e = std::move(run).error();
    if (e.kind == ErrorKind::missing_tool) e.hint = "apt-get install mmdebstrap";
    return e;
  }
  if (std::holds_alternative<process::Cancelled>(run.value().status)) return cancelled_error();
  if (!process::succeeded(run.value().status))
    return explain(kind, listener, process::to_string(run.value().status));
  PINRIG_CHECK(make_links_relative(partial));
  if (!kind.compiles) return {};
  return check_complete(partial, arch);
}

Result<fs::path> ensure(const Kind& kind, model::Arch arch, const WorkContext& ctx) {
  use_cache(ctx.cache);
  const fs::path file = ctx.project / "images" / kind.file;
  PINRIG_TRY(text, read_file(file));
  PINRIG_TRY(list, parse_packages(text, file.string(), arch));
  const fs::path root =
      ctx.cache / "sysroots" / fmt::format("{}{}-{}", kind.prefix, to_string(arch), key_of(arch, list));
  auto published = publish_once(
      root, ctx, [&](const fs::path& partial) { return make_sysroot(kind, arch, list, ctx, partial); });
  if (published.has_error()) {
    return std::move(published).error().with_context(
        fmt::format("making the {} {}", to_string(arch), kind.label));
  }
  return root;
}

}  // namespace

Result<fs::path> ensure_sysroot(model::Arch arch, const WorkContext& ctx) {
  return ensure(for_compiling, arch, ctx);
}

Result<fs::path> ensure_tools_sysroot(model::Arch arch, const WorkContext& ctx) {
  return ensure(for_tools, arch, ctx);
}

}  // namespace pinrig::image
