// Seeded damage to text files, for the tests of their readers.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_FUZZ_MUTATOR_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_FUZZ_MUTATOR_H_

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>

namespace waymark {

// Cuts, flips, repeats, inserts tokens that hurt parsers, and splices in parts of another file.
class FuzzMutator {
 public:
  explicit FuzzMutator(uint32_t seed) : random_(seed) {}

  std::string Damage(std::string text, const std::string& other) {
    for (uint32_t times = 1 + random_() % 4; times > 0 && !text.empty(); --times) Once(text, other);
    return text;
  }

 private:
  size_t Place(const std::string& text) { return text.empty() ? 0 : random_() % text.size(); }

  void Once(std::string& text, const std::string& other) {
    static const char* const kTokens[] = {"-1",    "99999999999999999999",
                                          "nan",   "1e308",
                                          "\"",    "{",
                                          "[",     "]",
                                          "}",     "(",
                                          ")",     "<",
                                          "&",     "*",
                                          ":",     ",",
                                          "\n",    "- ",
                                          "#",     "\xff",
                                          "\x80",  "%",
                                          "null",  "true",
                                          "|",     ">",
                                          "!",     "<<: ",
                                          "\t",    "---\n",
                                          "...\n", "\xc3"};
    const size_t at = Place(text);
    const size_t length = std::min<size_t>(1 + random_() % 30, text.size() - at);
    switch (random_() % 7) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ (1 << random_() % 8));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(Place(text), text.substr(at, length));
        break;
      case 4:
        text.insert(at, kTokens[random_() % std::size(kTokens)]);
        break;
      case 5:
        text.replace(at, length, other.substr(Place(other), 1 + random_() % 60));
        break;
      default:
        text[at] = static_cast<char>(random_());
    }
  }

  std::mt19937 random_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_FUZZ_MUTATOR_H_
