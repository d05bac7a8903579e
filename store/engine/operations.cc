#include "store/engine/operations.h"

namespace telepost::store {

EngineOperations& engine_operations() {
  static metrics::Counter counter("telepost_engine_operations_total", "What the store asked of its engine",
                                  {"operation"});
  static EngineOperations operations{
      counter.with({"get"}),    counter.with({"get_many"}), counter.with({"key"}),    counter.with({"scan"}),
      counter.with({"record"}), counter.with({"snapshot"}), counter.with({"commit"}), counter.with({"batch"}),
      counter.with({"write"}),  counter.with({"sync"})};
  return operations;
}

}  // namespace telepost::store
