#include "controller/topology/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/strings/ascii.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

// Longer text is no misspelling of a known word.
constexpr size_t kMaxLength = 40;

// Levenshtein's distance, ignoring case. O(|a| |b|).
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substitute = diagonal + (absl::ascii_tolower(a[i]) != absl::ascii_tolower(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({substitute, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string UnknownMessage(std::string_view what, std::string_view text,
                           std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  size_t best = std::max<size_t>(2, text.size() / 2);
  for (const std::string& candidate : known) {
    if (text.size() > kMaxLength) break;
    // A known word with a unit or prefix left off ("delay", "jurisdiction") is near, whatever its
    // length.
    const bool part = text.size() >= 3 && candidate.find(text) != std::string::npos;
    const size_t distance = part ? 1 : EditDistance(text, candidate);
    if (distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  std::string message = std::string("unknown ").append(what).append(" ").append(Quote(text));
  if (nearest != nullptr) return message.append(": did you mean ").append(*nearest).append("?");
  message += ": use one of ";
  for (size_t i = 0; i < known.size(); ++i) message.append(i == 0 ? "" : ", ").append(known[i]);
  return message;
}

}  // namespace waymark
