// An XML Schema, loaded once from the text that is built into the program; then any number of threads
// validate by it.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "schema/xml/reader.h"

namespace telepost::schema::xml {

class Parser;

class Grammar {
 public:
  explicit Grammar(std::string_view xsd);  // asserts that the schema is sound: it is ours
  ~Grammar();
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  std::unique_ptr<Parser> take_parser() const;  // for parse(); an idle one or a new one
  void put_parser(std::unique_ptr<Parser> parser) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The schemas of this folder.
const Grammar& message_grammar();
const Grammar& policy_grammar();

// Well-formed and valid; nothing else is done with it.
Result<void> validate(std::string_view xml, const Limits& limits, const Grammar& grammar);

}  // namespace telepost::schema::xml
