// SPDX-License-Identifier: GPL-2.0
// The head of guest-tests/lib/users/NAME.c: YAML in its first comment.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "spec/contract.h"

namespace pinrig::spec {
namespace {

using model::Contract;
using model::ContractUser;
using model::TestSpec;

constexpr std::string_view opening = "/* user:";

/// The block and where it begins.
struct Head {
  std::string yaml;  ///< with a blank line for each line of the file before the block
  int line = 1;      ///< of its first line of YAML
};

Error at(const std::string& file, int line, std::size_t column, const std::string& message) {
  return make_error(ErrorKind::bad_input,
                    fmt::format("{}: {}", model::to_string({file, line, static_cast<int>(column)}), message),
                    "an adapter begins with its SPDX line, then a line '/* user:', lines of YAML, and '*/'");
}

/// From the line after the opening to the end of the comment.
Result<Head> head_of(const std::string& file, const std::string& text) {
  Head head;
  bool open = false;
  for (const auto line : lines(text)) {
    if (open) {
      const auto end = line.find("*/");
      head.yaml += line.substr(0, end);
      if (end != std::string_view::npos) return head;
    } else if (line.starts_with(opening)) {
      const auto rest = trim(line.substr(opening.size()));
      if (!rest.empty())
        return at(file, head.line, opening.size() + 1, fmt::format("'{}' after '{}'", rest, opening));
      open = true;
    } else if (!trim(line).empty() && !line.starts_with("//")) {
      return at(file, head.line, 1, fmt::format("no '{}' block before the code", opening));
    }
    head.yaml += '\n';
    if (!open || head.yaml.find_first_not_of('\n') == std::string::npos) ++head.line;
  }
  return at(file, 1, 1, open ? "the block has no end, '*/'" : fmt::format("no '{}' block", opening));
}

std::vector<std::string> cell_names(const Contract& contract) {
  std::vector<std::string> out;
  for (const auto& o : contract.obligations) {
    for (const auto& m : contract.memory) out.push_back(model::cell_name(o, m));
  }
  return out;
}

/// `not:` names obligations and cells.
void read_not(Reader& r, const Node& n, const Contract& contract, ContractUser& user) {
  auto known = names_of(contract.obligations);
  const std::size_t obligations = known.size();
  for (auto& cell : cell_names(contract)) known.push_back(std::move(cell));
  if (n.kind != Node::Kind::map) {
    r.fail(n, "not: expected a mapping", "write {OBLIGATION: \"why\"} or {OBLIGATION.MEMORY: \"why\"}");
    return;
  }
  for (std::size_t i = 0; i < n.keys.size() && r.ok(); ++i) {
    const std::string& name = n.keys[i].text;
    check_known(r, n.keys[i], "not", "obligation or case", known, "`pinrig contract --list` lists them");
    const bool whole = std::find(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(obligations),
                                 name) != known.begin() + static_cast<std::ptrdiff_t>(obligations);
    (whole ? user.not_obligations : user.not_cells)[name] = r.text(n.items[i], name);
  }
}

/// The cases of its test, by which the guest knows what to run; `quick`: the first of each obligation.
std::vector<std::string> cases_of(const Contract& contract, const ContractUser& user, bool quick) {
  Contract alone = contract;
  alone.users = {user};
  std::vector<std::string> out;
  std::optional<std::size_t> last;
  for (const auto& c : model::contract_cells(alone)) {
    if (!c.applicable() || (quick && last == c.obligation)) continue;
    last = c.obligation;
    out.push_back(model::cell_name(contract.obligations[c.obligation], contract.memory[c.memory]));
  }
  return out;
}

/// Each glob of `red:` has to mean one of the cases of the user's test.
void check_red(Reader& r, const Fields& f, const std::string& user, const std::vector<std::string>& cases) {
  const Node* proof = f.get("proof");
  if (proof == nullptr || !r.ok()) return;
  std::vector<const Node*> globs;
  const auto add = [&](const Node& one) {
    const Node* red = Fields(r, one, Section::proof).get("red");
    if (red == nullptr) return;
    for (const auto& glob : red->items) globs.push_back(&glob);
  };
  if (proof->kind == Node::Kind::list)
    std::for_each(proof->items.begin(), proof->items.end(), add);
  else
    add(*proof);
  for (const Node* at : globs) {
    const Node& glob = *at;
    if (std::any_of(cases.begin(), cases.end(),
                    [&](const std::string& name) { return glob_match(glob.text, name); }))
      continue;
    r.fail(glob, fmt::format("red: no case of '{}' is '{}'", user, glob.text),
           fmt::format("`pinrig contract --list --user {}` lists its cases", user));
  }
}

/// The name is part of an identifier, `user_NAME`; CMake and the image take NAME_test.c for a unit test.
void check_file_name(Reader& r, const Node& root, const std::string& name) {
  Node stem = root;
  stem.kind = Node::Kind::scalar;
  stem.text = name;
  stem.line = stem.column = 1;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!std::all_of(name.begin(), name.end(), allowed))
    r.fail(stem,
           fmt::format("file name: '{}' is not part of an identifier: only letters, digits and _", name),
           "rename the adapter");
  if (r.ok() && name.ends_with("_test"))
    r.fail(stem,
           fmt::format("file name: '{}' ends in _test: such files are unit tests and not compiled", name),
           "give the adapter another name");
}

}  // namespace

Result<void> read_user(const fs::path& file, const Project& project, Contract& contract, TestSpec& test) {
  PINRIG_TRY(text, read_file(file));
  const std::string shown = shown_path(file);
  PINRIG_TRY(head, head_of(shown, text));
  PINRIG_TRY(root, parse_tree(shown, head.yaml, head.line));
  Reader r(shown);
  ContractUser user;
  user.name = file.stem().string();
  user.test = test.name;
  user.where = test.where = r.where(root);
  check_file_name(r, root, user.name);
  const Fields f(r, root, Section::contract_user);
  if (!r.ok()) return r.error();
  f.need("what");
  if (const Node* n = f.need("traits"))
    user.traits = read_known(r, *n, "traits", "trait", names_of(contract.traits));
  if (const Node* n = f.get("not")) read_not(r, *n, contract, user);
  set(f, "not_memory", user.not_memory, [&](const Node& n) {
    return read_reasons(r, n, "not_memory", "kind of memory", names_of(contract.memory));
  });
  read_test_keys(r, f, project, test);
  user.what = test.what;
  user.rows = test.rows;
  test.args = cases_of(contract, user, false);
  test.quick_args = cases_of(contract, user, true);
  if (test.args.empty())
    r.fail(root, fmt::format("no obligation applies to '{}' with any memory", user.name),
           "check its traits, 'not' and 'not_memory'");
  check_red(r, f, user.name, test.args);
  if (!r.ok()) return r.error();
  contract.users.push_back(std::move(user));
  return {};
}

}  // namespace pinrig::spec
