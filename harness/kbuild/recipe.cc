// SPDX-License-Identifier: GPL-2.0
#include "kbuild/recipe.h"

#include "base/hash.h"
#include "kbuild/configure.h"

namespace pinrig::kbuild {
namespace {

Tree placeholders(model::Arch arch, const std::string& version) {
  Tree tree;
  tree.source = "/source";
  tree.objdir = "/objects";
  tree.cache = "/";
  tree.arch = arch;
  tree.version = version;
  return tree;
}

}  // namespace

std::vector<std::string> kernel_targets(model::Arch arch) {
  std::vector<std::string> targets{"vmlinux", "headers"};
  if (arch == model::Arch::aarch64) targets.emplace_back("Image");
  return targets;
}

const std::map<std::string, std::string>& artifact_files() {
  static const std::map<std::string, std::string> files{{"vmlinux", "vmlinux"},
                                                        {"System.map", "System.map"},
                                                        {"config", ".config"},
                                                        {"selftests", "selftests"},
                                                        {"headers", "usr/include"}};
  return files;
}

std::vector<std::string> strip_argv(model::Arch arch, const std::string& prefix, const std::string& from,
                                    const std::string& to) {
  if (arch == model::Arch::aarch64) return {};
  // PVH: QEMU loads the ELF's segments, so the symbols only cost it reading.
  return {prefix + "objcopy", "--strip-all", from, to};
}

Recipe recipe_of(model::Arch arch, const std::string& version, const std::vector<Selftest>& selftests) {
  const Tree tree = placeholders(arch, version);
  Recipe recipe;
  const auto make = make_command(tree, kernel_targets(arch), 1);
  recipe.commands.push_back(make.argv);
  recipe.commands.push_back(make_command(tree, configure_targets(tree), 1).argv);
  recipe.commands.push_back(strip_argv(arch, "", "vmlinux", "image"));
  for (const auto& test : selftests) {
    std::vector<std::string> sources;
    for (const char* source : test.sources) {
      if (source != nullptr) sources.emplace_back(source);
    }
    for (const char* helper : selftest_helpers(version)) sources.emplace_back(helper);
    recipe.commands.push_back(compile_argv({tree, "/sysroot", "/include", "/out", test, sources}));
  }
  for (const auto& [name, value] : make.env) {
    if (!name.starts_with("CCACHE_")) recipe.environment.emplace(name, value);
  }
  recipe.files = artifact_files();
  for (const char* name : local_config_names(version)) recipe.files.emplace(name, local_config());
  for (const auto& base : tiny_configs(arch)) recipe.files.emplace(base, "below the fragments");
  return recipe;
}

std::string digest(const Recipe& recipe) {
  Sha256 hash;
  const auto list = [&](const std::vector<std::string>& words) {
    hash.field(std::to_string(words.size()));
    for (const auto& word : words) hash.field(word);
  };
  const auto map = [&](const std::map<std::string, std::string>& pairs) {
    hash.field(std::to_string(pairs.size()));
    for (const auto& [name, value] : pairs) hash.field(name).field(value);
  };
  hash.field(std::to_string(recipe.commands.size()));
  for (const auto& argv : recipe.commands) list(argv);
  map(recipe.environment);
  map(recipe.files);
  return hash.hex();
}

}  // namespace pinrig::kbuild
