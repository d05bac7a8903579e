// telepost_engine_operations_total{operation}: what the store asked of its engine, counted where it is done.
#pragma once

#include "base/metrics.h"

namespace telepost::store {

struct EngineOperations {
  metrics::Counter::Cell& get;       // keys asked for one by one
  metrics::Counter::Cell& get_many;  // calls
  metrics::Counter::Cell& key;       // keys of all get_many calls
  metrics::Counter::Cell& scan;      // calls
  metrics::Counter::Cell& record;    // records that scans visited
  metrics::Counter::Cell& snapshot;
  metrics::Counter::Cell& commit;  // lists
  metrics::Counter::Cell& batch;
  metrics::Counter::Cell& write;  // puts and erases
  metrics::Counter::Cell& sync;   // synced writes
};

EngineOperations& engine_operations();

}  // namespace telepost::store
