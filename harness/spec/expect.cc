// SPDX-License-Identifier: GPL-2.0
// What runs and series share: expectations and architectures.
#include <algorithm>

#include "base/text.h"
#include "spec/reader.h"

namespace pinrig::spec {
namespace {

using model::Verdict;

const std::vector<std::string>& verdict_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> w;
    for (const Verdict v :
         {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass, Verdict::crash,
          Verdict::timeout, Verdict::leak, Verdict::missing, Verdict::error})
      w.emplace_back(model::to_string(v));
    return w;
  }();
  return words;
}

std::string read_affected_point(Reader& r, const Node& n) {
  if (n.kind == Node::Kind::scalar && (n.text == "base" || n.text == "tip")) return n.text;
  if (n.kind == Node::Kind::scalar && n.text.find_first_not_of("0123456789") != std::string::npos)
    r.fail(n, fmt::format("points: '{}' is not a point: expected base, tip or a patch number", n.text));
  return std::to_string(r.whole(n, "points", 0, 9999));
}

/// A pass and a failure in one list: every result would be as expected.
void check_contradiction(Reader& r, const Node& n, const std::vector<Verdict>& verdicts) {
  if (!r.ok() || std::find(verdicts.begin(), verdicts.end(), Verdict::pass) == verdicts.end()) return;
  const auto bad = std::find_if(verdicts.begin(), verdicts.end(),
                                [](Verdict v) { return model::rank(v) > model::rank(Verdict::xpass); });
  if (bad == verdicts.end()) return;
  r.fail(n,
         fmt::format("verdicts: 'pass' and '{}' in one list: whatever the test does is as expected",
                     model::to_string(*bad)),
         "name the cases of each in an expectation of its own: tests: \"SUITE/TEST:CASE\"");
}

model::Expectation read_one(Reader& r, const Node& n) {
  model::Expectation e;
  e.where = r.where(n);
  const Fields f(r, n, Section::expectation);
  if (!r.ok()) return e;
  if (const Node* v = f.need("tests")) e.tests = r.text(*v, "tests");
  if (const Node* v = f.need("verdicts")) {
    e.verdicts = read_verdicts(r, *v, "verdicts");
    check_contradiction(r, *v, e.verdicts);
  }
  if (const Node* v = f.need("reason")) e.reason = r.text(*v, "reason");
  if (const Node* v = f.get("points")) {
    for (const auto& item : r.list(*v, "points")) e.points.push_back(read_affected_point(r, item));
  }
  set(f, "archs", e.archs, [&](const Node& v) { return read_archs(r, v); });
  set(f, "required", e.required, [&](const Node& v) { return r.truth(v, "required"); });
  return e;
}

}  // namespace

std::vector<Verdict> read_verdicts(Reader& r, const Node& n, const std::string& key) {
  std::vector<Verdict> out;
  const auto one = [&](const Node& item) {
    const auto v = model::verdict_from_string(verdict_words()[r.choice(item, key, verdict_words())]);
    if (v) out.push_back(*v);
  };
  if (n.kind == Node::Kind::list) {
    for (const auto& item : r.list(n, key)) one(item);
  } else {
    one(n);
  }
  return out;
}

std::vector<std::string> read_symbols(Reader& r, const Node& n, const std::string& key) {
  std::vector<std::string> out = r.texts(n, key);
  const auto& items = n.items;
  for (std::size_t i = 0; i < out.size() && r.ok(); ++i) {
    if (out[i].starts_with("CONFIG_"))
      r.fail(items[i], fmt::format("{}: '{}' has the prefix CONFIG_", key, out[i]),
             "write " + out[i].substr(7));
    else if (out[i].find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") !=
             std::string::npos)
      r.fail(items[i], fmt::format("{}: '{}' is not a configuration symbol", key, out[i]));
  }
  return out;
}

std::vector<model::Expectation> read_expect(Reader& r, const Node& n, bool& same) {
  std::vector<model::Expectation> out;
  const auto is_word = [](const Node& item) { return item.kind == Node::Kind::scalar; };
  const auto read_word = [&](const Node& item) {
    same = item.text == "same";
    if (!same)
      r.fail(item, fmt::format("expect: '{}' is not 'same'", item.text),
             "'same', or a mapping with tests, verdicts, points, archs, reason, required");
  };
  if (is_word(n)) {
    read_word(n);
    return out;
  }
  for (const auto& item : r.list(n, "expect")) {
    if (is_word(item))
      read_word(item);
    else
      out.push_back(read_one(r, item));
  }
  return out;
}

std::vector<model::Arch> read_archs(Reader& r, const Node& n) {
  std::vector<model::Arch> out;
  if (n.kind == Node::Kind::scalar && n.text == "all") return {model::Arch::x86_64, model::Arch::aarch64};
  for (const auto& item : r.list(n, "archs")) {
    const auto arch = item.kind == Node::Kind::scalar ? model::arch_from_string(item.text) : std::nullopt;
    if (!arch) {
      r.choice(item, "archs", {"x86_64", "aarch64"});  // fails and lists them
      return out;
    }
    if (std::find(out.begin(), out.end(), *arch) != out.end())
      r.fail(item, fmt::format("archs: duplicate '{}'", item.text));
    out.push_back(*arch);
  }
  return out;
}

}  // namespace pinrig::spec
