// Counters, gauges and histograms for Prometheus. Names use base units and end in _total, _seconds,
// _bytes; no label may name a tenant.
#ifndef WAYMARK_CONTROLLER_BASE_METRICS_H_
#define WAYMARK_CONTROLLER_BASE_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace prometheus {
class Exposer;
}

namespace waymark {

using MetricLabels = std::map<std::string, std::string>;

// Thread-safe. The references it returns live as long as it does; the same name and labels give the
// same object.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const MetricLabels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const MetricLabels& labels = {});
  // `bounds`: upper bounds of the buckets, growing.
  prometheus::Histogram& Histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& bounds,
                                   const MetricLabels& labels = {});

  // Serves /metrics over HTTP on "HOST:PORT" until destruction. UNAVAILABLE names the address if it
  // can't.
  absl::Status Serve(const std::string& address);

  // The text that /metrics shows.
  std::string Text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_METRICS_H_
