// SPDX-License-Identifier: GPL-2.0
#include "sandbox.h"

#include <unistd.h>

#include <cstdlib>
#include <set>

#include "base/text.h"

namespace pinrig::integration {
namespace {

constexpr const char* tiny_makefile =
    "# SPDX-License-Identifier: GPL-2.0\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\nEXTRAVERSION =\n";

constexpr const char* tiny_run = R"(# SPDX-License-Identifier: GPL-2.0
name: default
base: tiny
archs: [x86_64]
fragments: [base, pin]
machine: default
suites: [pins]
accel: tcg
)";

constexpr const char* tiny_patch = R"(From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: A. Developer <dev@example.org>
Date: Mon, 5 Jan 2026 10:00:00 +0000
Subject: [PATCH 1/1] block: say three

---
 block/bio.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/block/bio.c b/block/bio.c
--- a/block/bio.c
+++ b/block/bio.c
@@ -2,3 +2,3 @@
 line 2
-line 3
+line three
 line 4
)";

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

std::string old_path() {
  const char* p = std::getenv("PATH");
  return p != nullptr ? p : "/usr/bin:/bin";
}

}  // namespace

std::ostream& operator<<(std::ostream& os, const Ran& ran) {
  return os << ran.how << "\n--- stdout\n" << ran.out << "--- stderr\n" << ran.err << "---";
}

Ran run(const process::Command& command) {
  const CancelToken never;
  const auto done = process::run(command, never);
  if (done.has_error()) {
    ADD_FAILURE() << done.error().message;
    return {};
  }
  const auto* exited = std::get_if<process::Exited>(&done->status);
  return {exited != nullptr ? exited->code : -1, process::to_string(done->status), done->out, done->err};
}

Sandbox::Sandbox() : dir_(std::move(TempDir::create(fs::temp_directory_path(), "pinrig-it-")).value()) {
  project = PINRIG_SOURCE_DIR;
  cache = root() / "cache";
  state = root() / "state";
}

void Sandbox::make_tiny_project() {
  const fs::path source = PINRIG_SOURCE_DIR;
  project = root() / "project";
  for (const char* folder : {"configs", "guest-tests", "images"}) {
    fs::create_directories(project);
    fs::copy(source / folder, project / folder, fs::copy_options::recursive);
  }
  // Tests name the kernels that prove them, and these must be there.
  fs::create_directories(project / "kernels");
  fs::copy(source / "kernels/mutants", project / "kernels/mutants", fs::copy_options::recursive);
  for (const auto& entry : fs::directory_iterator(source / "kernels")) {
    if (entry.path().extension() == ".yaml")
      fs::copy(entry.path(), project / "kernels" / entry.path().filename());
  }
  put("configs/runs/default.yaml", tiny_run);
  const fs::path tree = root() / "linux-6.12";
  put(tree / "Makefile", tiny_makefile);
  put(tree / "block/bio.c", numbered_lines(30));
  put(tree / "mm/gup.c", numbered_lines(30));
  put(tree / "kernel/configs/tiny.config", "# CONFIG_MODULES is not set\n");
  process::Command tar;
  tar.argv = {"tar", "-C", root().string(), "-cJf", (project / "kernels/tiny.tar.xz").string(), "linux-6.12"};
  ASSERT_EQ(run(tar).code, 0);
  put("kernels/tiny.yaml",
      "# SPDX-License-Identifier: GPL-2.0\nname: tiny\nsource: {tarball: tiny.tar.xz}\n");
  put("kernels/series/small/series.yaml", "name: small\nbase: tiny\npatches: {dir: .}\n");
  put("kernels/series/small/0001-block-say-three.patch", tiny_patch);
}

process::Command Sandbox::command(std::vector<std::string> args) const {
  process::Command c;
  c.argv = std::move(args);
  c.argv.insert(c.argv.begin(), PINRIG_PROGRAM);
  c.cwd = root();
  c.env = env;
  c.env["PINRIG_PROJECT"] = project;
  c.env["PINRIG_CACHE"] = cache;
  c.env["PINRIG_STATE"] = state;
  c.env["LC_ALL"] = "C.UTF-8";
  return c;
}

void Sandbox::put(const fs::path& path, const std::string& text, int mode) const {
  const fs::path file = path.is_absolute() ? path : project / path;
  fs::create_directories(file.parent_path());
  ASSERT_TRUE(write_file_atomic(file, text, mode).has_value()) << file;
}

void Sandbox::fake(const std::string& name, const std::string& body) {
  put(root() / "bin" / name, "#!/bin/sh\n" + body + "\n", 0755);
  if (!env.contains("PATH")) env["PATH"] = (root() / "bin").string() + ":" + old_path();
}

void Sandbox::hide_programs(const std::string& prefix) {
  const fs::path farm = root() / "farm";
  fs::create_directories(farm);
  std::set<std::string> seen;
  for (const auto& folder : split(old_path(), ':')) {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(folder, ec)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with(prefix) && seen.insert(name).second)
        fs::create_symlink(entry.path(), farm / name, ec);
    }
  }
  env["PATH"] = (root() / "bin").string() + ":" + farm.string();
}

bool Sandbox::has_runs() const {
  std::error_code ec;
  return fs::exists(state / "runs", ec) && !fs::is_empty(state / "runs", ec);
}

std::vector<pid_t> Sandbox::processes() const {
  std::vector<pid_t> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const pid_t pid = std::atoi(name.c_str());
    // Everything that pinrig starts inherits its PINRIG_CACHE; a zombie's environment is empty.
    const auto environment = read_file(entry.path() / "environ");
    if (pid != ::getpid() && environment.has_value() &&
        environment->find("=" + root().string()) != std::string::npos)
      out.push_back(pid);
  }
  return out;
}

std::string listed(const Sandbox& box) {
  const auto ran = box.pinrig({"list"});
  EXPECT_EQ(ran.code, 0) << ran;
  return ran.out;
}

nlohmann::json read_json(const fs::path& file) {
  const auto text = read_file(file);
  if (text.has_error()) {
    ADD_FAILURE() << text.error().message;
    return {};
  }
  auto json = nlohmann::json::parse(*text, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << file << " is no JSON";
  return json;
}

}  // namespace pinrig::integration
