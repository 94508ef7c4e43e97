// Private to this folder. The links by which a label of a search was reached: labels lie in one
// vector, each names its link and the label before it (`parent`, -1 at the start).
#ifndef WAYMARK_CONTROLLER_COMPUTE_LABEL_LINKS_H_
#define WAYMARK_CONTROLLER_COMPUTE_LABEL_LINKS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "controller/topology/snapshot.h"

namespace waymark {

// First link first. O(hops).
template <typename Label>
std::vector<LinkId> LabelLinks(const std::vector<Label>& labels, int32_t index) {
  std::vector<LinkId> links;
  for (; labels[index].parent >= 0; index = labels[index].parent) {
    links.push_back(labels[index].link);
  }
  std::reverse(links.begin(), links.end());
  return links;
}

// Of two labels with equally many hops: at the first link in which they differ. O(hops).
template <typename Label>
bool LabelLinksLess(const std::vector<Label>& labels, int32_t a, int32_t b) {
  bool less = a < b;
  while (a != b && labels[a].parent >= 0) {
    if (labels[a].link != labels[b].link) less = labels[a].link < labels[b].link;
    a = labels[a].parent;
    b = labels[b].parent;
  }
  return less;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_LABEL_LINKS_H_
