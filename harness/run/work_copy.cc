// SPDX-License-Identifier: GPL-2.0
#include "run/work_copy.h"

#include <fmt/format.h>

#include "base/text.h"
#include "spec/spec.h"

namespace pinrig::run {

Result<std::string> checkout_base(const std::string& name, const fs::path& dir, const std::string& branch,
                                  const Services& services) {
  PINRIG_CHECK(check_place(services.paths.cache, "PINRIG_CACHE"));
  PINRIG_TRY(base, spec::load_base(services.paths.project, name));
  PINRIG_CHECK(git::check_work_copy(dir, branch));
  const auto ctx = job::work_context(services, "checkout", "source");
  services.observer.on({.kind = Event::Kind::begin, .task = "checkout", .what = "source", .text = name});
  PINRIG_TRY(source, git::import_base(base, ctx));
  PINRIG_CHECK(git::make_work_copy(source, dir, branch, ctx));
  services.observer.on({.kind = Event::Kind::end, .task = "checkout", .what = "source", .text = name});
  const std::string at = shell_quote(dir.string());
  return fmt::format(
      "{}: {} ({}), branch {}; the tag base marks its start\n"
      "next:\n"
      "  cd {}    # edit, then git commit: one commit per patch\n"
      "  pinrig run --series {}:base..HEAD --base {}\n",
      dir.string(), name, source.version, branch, at, at, name);
}

}  // namespace pinrig::run
