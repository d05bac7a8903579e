// One Xerces parser with its settings, used by one thread at a time. Only the files of this folder include
// this.
#pragma once

#include <xercesc/framework/XMLGrammarPool.hpp>
#include <xercesc/sax/InputSource.hpp>
#include <xercesc/sax2/SAX2XMLReader.hpp>

#include <memory>

#include "schema/xml/reader.h"

namespace telepost::schema::xml {

// Starts the library, once in the life of the process.
void start_xerces();

class Parser {
 public:
  explicit Parser(xercesc::XMLGrammarPool* grammars);  // null: no validation
  // After an error the parser must not be used again.
  Result<void> parse(const ByteSource& source, const Limits& limits, Handler& handler);

 private:
  std::unique_ptr<xercesc::SAX2XMLReader> reader_;
};

}  // namespace telepost::schema::xml
