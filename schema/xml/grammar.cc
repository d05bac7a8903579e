#include "schema/xml/grammar.h"

#include <xercesc/framework/MemBufInputSource.hpp>
#include <xercesc/framework/XMLGrammarPoolImpl.hpp>
#include <xercesc/sax2/SAX2XMLReader.hpp>
#include <xercesc/sax2/XMLReaderFactory.hpp>
#include <xercesc/util/PlatformUtils.hpp>
#include <xercesc/util/XMLUni.hpp>

#include <mutex>
#include <vector>

#include "base/assert.h"
#include "schema/xml/grammars.h"
#include "schema/xml/parser.h"

namespace telepost::schema::xml {
namespace {

namespace xc = xercesc;

constexpr std::size_t kIdleParsers = 16;

class Ignore final : public Handler {
 public:
  Result<void> start(const Element&) override { return {}; }
  Result<void> text(std::string_view) override { return {}; }
  Result<void> end() override { return {}; }
};

}  // namespace

struct Grammar::State {
  std::unique_ptr<xc::XMLGrammarPoolImpl> pool;
  std::mutex mutex;
  std::vector<std::unique_ptr<Parser>> idle;  // guarded by mutex
};

Grammar::Grammar(std::string_view xsd) : state_(std::make_unique<State>()) {
  start_xerces();
  state_->pool = std::make_unique<xc::XMLGrammarPoolImpl>(xc::XMLPlatformUtils::fgMemoryManager);
  const std::unique_ptr<xc::SAX2XMLReader> loader(
      xc::XMLReaderFactory::createXMLReader(xc::XMLPlatformUtils::fgMemoryManager, state_->pool.get()));
  loader->setFeature(xc::XMLUni::fgXercesSchemaFullChecking, true);
  const xc::MemBufInputSource source(reinterpret_cast<const XMLByte*>(xsd.data()), xsd.size(), "schema");
  const xc::Grammar* grammar = loader->loadGrammar(source, xc::Grammar::SchemaGrammarType, true);
  TELEPOST_ASSERT(grammar != nullptr && loader->getErrorCount() == 0);
  state_->pool->lockPool();  // from here on it is only read, by any thread
}

Grammar::~Grammar() {
  state_->idle.clear();
}

std::unique_ptr<Parser> Grammar::take_parser() const {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->idle.empty()) {
      std::unique_ptr<Parser> parser = std::move(state_->idle.back());
      state_->idle.pop_back();
      return parser;
    }
  }
  return std::make_unique<Parser>(state_->pool.get());
}

void Grammar::put_parser(std::unique_ptr<Parser> parser) const {
  const std::lock_guard lock(state_->mutex);
  if (state_->idle.size() < kIdleParsers) state_->idle.push_back(std::move(parser));
}

const Grammar& message_grammar() {
  static const Grammar grammar(kMessageXsd);
  return grammar;
}
const Grammar& policy_grammar() {
  static const Grammar grammar(kPolicyXsd);
  return grammar;
}

Result<void> validate(std::string_view xml, const Limits& limits, const Grammar& grammar) {
  Ignore ignore;
  return parse(xml, limits, ignore, &grammar);
}

}  // namespace telepost::schema::xml
