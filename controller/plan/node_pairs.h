// Which nodes of a service exchange frames.
#ifndef WAYMARK_CONTROLLER_PLAN_NODE_PAIRS_H_
#define WAYMARK_CONTROLLER_PLAN_NODE_PAIRS_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "controller/topology/snapshot.h"

namespace waymark {

struct ResolvedEndpoint {
  NodeId node = NodeId::kNone;
  std::string interface;
  uint32_t vlan = 0;
  bool leaf = false;
};

// Ordered pairs of distinct nodes that exchange frames, ascending, and how many pairs of endpoints
// do: a range that makes them as it is walked, because a service of n sites has n^2 of them. Leaves
// do not talk to each other.
class NodePairs {
 public:
  using value_type = std::pair<std::pair<NodeId, NodeId>, int64_t>;

  NodePairs() = default;
  explicit NodePairs(const std::vector<ResolvedEndpoint>& endpoints);

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = NodePairs::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    value_type operator*() const {
      return {{pairs_->nodes_[a_].node, pairs_->nodes_[b_].node}, Count()};
    }
    const_iterator& operator++() {
      Step();
      SkipSilent();
      return *this;
    }
    bool operator==(const const_iterator& other) const { return a_ == other.a_ && b_ == other.b_; }

   private:
    friend class NodePairs;
    const_iterator(const NodePairs* pairs, size_t a) : pairs_(pairs), a_(a) { SkipSilent(); }
    int64_t Count() const {
      const Node &a = pairs_->nodes_[a_], &b = pairs_->nodes_[b_];
      return a.all * b.all - a.leaves * b.leaves;
    }
    void Step() {
      if (++b_ < pairs_->nodes_.size()) return;
      b_ = 0;
      ++a_;
    }
    void SkipSilent() {
      while (a_ < pairs_->nodes_.size() && (a_ == b_ || Count() == 0)) Step();
    }

    const NodePairs* pairs_;
    size_t a_, b_ = 0;
  };
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, nodes_.size()}; }
  bool empty() const { return begin() == end(); }

  friend bool operator==(const NodePairs&, const NodePairs&) = default;

 private:
  struct Node {
    NodeId node = NodeId::kNone;
    int64_t all = 0, leaves = 0;  // endpoints

    friend bool operator==(const Node&, const Node&) = default;
  };
  std::vector<Node> nodes_;  // ascending
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_NODE_PAIRS_H_
