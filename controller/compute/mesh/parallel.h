// How the solvers of this folder use more than one core, without threads of their own.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PARALLEL_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PARALLEL_H_

#include <functional>

namespace waymark {

// Runs task 0 to count - 1, each once, perhaps at the same time, and returns when all are done.
// Which thread runs which changes no result. Empty: one after another on the caller's thread.
using ParallelFor = std::function<void(int count, const std::function<void(int)>& task)>;

inline void RunParallel(const ParallelFor& parallel, int count,
                        const std::function<void(int)>& task) {
  if (parallel && count > 1) {
    parallel(count, task);
  } else {
    for (int i = 0; i < count; ++i) task(i);
  }
}

// What keeps so many threads busy: more wait most of the time.
inline constexpr int kMeshThreads = 2;

struct MeshProgress {
  int round = 0;
  double mlu = 0;          // of the fractional routing so far
  double lower_bound = 0;  // no routing at all has less
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PARALLEL_H_
