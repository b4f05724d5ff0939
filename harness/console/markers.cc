// SPDX-License-Identifier: GPL-2.0
#include "console/markers.h"

#include <deque>

namespace pinrig::console {
namespace {

struct Node {
  std::vector<std::uint32_t> child;  ///< by class, 0 = none (nothing leads back to the root by itself)
  std::uint32_t fail = 0;
  bool end = false;
};

std::vector<Node> build_trie(const std::vector<std::string_view>& words,
                             const std::array<std::uint8_t, 256>& class_of, std::uint32_t classes) {
  std::vector<Node> nodes(1);
  nodes[0].child.resize(classes);
  for (const std::string_view word : words) {
    std::uint32_t at = 0;
    for (const char c : word) {
      const std::uint8_t k = class_of[static_cast<unsigned char>(c)];
      if (nodes[at].child[k] == 0) {
        nodes[at].child[k] = static_cast<std::uint32_t>(nodes.size());
        nodes.emplace_back().child.resize(classes);
      }
      at = nodes[at].child[k];
    }
    nodes[at].end = true;
  }
  return nodes;
}

/// Completes the trie to an automaton: breadth first, so that every failure link is ready when it is used.
void link(std::vector<Node>& nodes, std::uint32_t classes) {
  std::deque<std::uint32_t> queue;
  for (const std::uint32_t n : nodes[0].child) {
    if (n != 0) queue.push_back(n);
  }
  while (!queue.empty()) {
    const std::uint32_t at = queue.front();
    queue.pop_front();
    const std::uint32_t fail = nodes[at].fail;
    nodes[at].end = nodes[at].end || nodes[fail].end;
    for (std::uint32_t k = 0; k < classes; ++k) {
      const std::uint32_t child = nodes[at].child[k];
      if (child == 0) {
        nodes[at].child[k] = nodes[fail].child[k];
      } else {
        nodes[child].fail = nodes[fail].child[k];
        queue.push_back(child);
      }
    }
  }
}

}  // namespace

Markers::Markers(const std::vector<std::string_view>& words) {
  std::uint32_t used = 1;  // class 0: bytes of no word
  for (const std::string_view word : words) {
    for (const char c : word) {
      auto& k = class_of_[static_cast<unsigned char>(c)];
      if (k == 0) k = static_cast<std::uint8_t>(used++);
    }
  }
  while (classes_ < used) classes_ *= 2;
  std::vector<Node> nodes = build_trie(words, class_of_, classes_);
  link(nodes, classes_);
  next_.resize(nodes.size() * classes_);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (std::uint32_t k = 0; k < classes_; ++k) {
      const std::uint32_t to = nodes[n].child[k];
      next_[n * classes_ + k] = to * classes_ | (nodes[to].end ? hit : 0);
    }
  }
}

std::size_t Markers::find(std::string_view text) const {
  const std::uint32_t* const next = next_.data();
  std::uint32_t state = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    state = next[state + class_of_[static_cast<unsigned char>(text[i])]];
    if (state & hit) return i;
  }
  return std::string_view::npos;
}

}  // namespace pinrig::console
