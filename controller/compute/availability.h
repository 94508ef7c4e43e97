// How much of the time at least one of a set of paths is up, from the MTBF and MTTR of what they
// cross.
//
// A path is up while every element of it is: its fibres, its nodes (both ends too: they are common
// to all paths between them and count once), and every risk group of those links and nodes.
// Elements fail independently of each other, each with the steady-state unavailability MTTR / (MTBF
// + MTTR) (as in ITU-T G.911); a risk group is an element of its own, so that one failure of a
// duct takes down all that is in it. A link and its reverse are one fibre: where both state
// figures, the worse counts. Providers state no figures and are no elements.
//
// An element that does not state both figures counts as never failing, and is listed by name: the
// result is the availability of what is stated, not of everything.
//
// With shared elements the paths are not independent. The exact probability that all are down is
// found by conditioning on each element in turn (the factoring theorem; Colbourn, The Combinatorics
// of Network Reliability, 1987), elements on the same paths taken as one, with the set
// of paths that are down as the state. It equals inclusion-exclusion over the paths, but adds only
// positive numbers: unavailabilities of 1e-9 keep all their digits.
#ifndef WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_H_
#define WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/topology/snapshot.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// Of 365.25 days.
inline constexpr double kMinutesAYear = 525'960;
// Of one AvailabilityModel query.
inline constexpr size_t kMaxAvailabilityPaths = 8;

struct Availability {
  // Probability that none of the paths is up, of what is stated; 0 to 1.
  double unavailability = 0;
  // False when nothing on any of the paths states both figures: then there is nothing to promise.
  bool stated = false;
  // The arithmetic, a line a step; of AvailabilityModel::Explain only.
  std::vector<v1::PromiseTerm> terms;

  double availability() const { return 1 - unavailability; }
  double downtime_minutes_a_year() const { return unavailability * kMinutesAYear; }
  // Of a class, 0 to below 1; 0: none asked. What states nothing meets no target: silence of the
  // data is not availability.
  bool Meets(double target) const;
};

// The figures of one snapshot's elements, computed once. Thread-safe once made.
class AvailabilityModel {
 public:
  // Keeps a reference to `snapshot`. O(nodes + links + risk groups).
  explicit AvailabilityModel(const Snapshot& snapshot);

  // Each path is a list of links, at least one, head to tail. 1 to kMaxAvailabilityPaths paths:
  // CHECKed by abort, like every invariant of ours. O(2^(2 paths) + elements log elements).
  double Unavailability(std::span<const std::vector<LinkId>> paths) const;
  // The same, and whether anything is stated; without terms.
  Availability Of(std::span<const std::vector<LinkId>> paths) const;
  // The same with its arithmetic, for people.
  Availability Explain(std::span<const std::vector<LinkId>> paths) const;

  // Of one element; 0 when it does not state both figures.
  double OfFibre(LinkId link) const { return fibre_[Index(link)]; }
  double OfNode(NodeId node) const { return node_[Index(node)]; }
  double OfSrlg(SrlgId srlg) const { return srlg_[Index(srlg)]; }
  // Neither the fibre nor its ends nor their risk groups state both figures.
  bool Silent(LinkId link) const;

 private:
  enum class Kind { kNode, kFibre, kSrlg };
  struct Element {
    Kind kind;
    int32_t number;
    // Bit i: path i needs it.
    uint32_t on_paths;
  };

  // Distinct, in order of (kind, number).
  std::vector<Element> ElementsOf(std::span<const std::vector<LinkId>> paths) const;
  double UnavailabilityOf(const Element& element) const;
  bool Stated(const Element& element) const;
  const std::string& NameOf(const Element& element) const;
  // By set of paths: probability that some element on exactly these paths is down.
  std::vector<double> DownBySet(std::span<const Element> elements, size_t paths) const;
  v1::PromiseTerm TermOf(const std::string& label, std::span<const Element> elements,
                         uint32_t on_paths, double down) const;

  const Snapshot* snapshot_;
  std::vector<double> fibre_, node_, srlg_;
  std::vector<bool> fibre_stated_, node_stated_, srlg_stated_;
};

// "99.99912 %": as many nines as there are and two digits more, rounded down.
std::string AvailabilityText(double unavailability);
// "4.63 minutes a year", "2.1 seconds a year".
std::string DowntimeText(double unavailability);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_H_
