#include "schema/xml/parser.h"

#include <xercesc/framework/XMLBuffer.hpp>
#include <xercesc/sax/EntityResolver.hpp>
#include <xercesc/sax/Locator.hpp>
#include <xercesc/sax/SAXParseException.hpp>
#include <xercesc/sax2/Attributes.hpp>
#include <xercesc/sax2/DefaultHandler.hpp>
#include <xercesc/sax2/XMLReaderFactory.hpp>
#include <xercesc/util/BinInputStream.hpp>
#include <xercesc/util/OutOfMemoryException.hpp>
#include <xercesc/util/PlatformUtils.hpp>
#include <xercesc/util/XMLUni.hpp>

namespace telepost::schema::xml {
namespace {

namespace xc = xercesc;

constexpr std::string_view kXsi = "http://www.w3.org/2001/XMLSchema-instance";

// Leaves the library from inside a callback; what happened stands in Progress.
struct Stop {};

// What source and events share: the first error, and the counts that the limits bound.
struct Progress {
  const Limits& limits;
  std::optional<Error> error;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_at_event = 0;

  [[noreturn]] void stop(Error why) {
    error = std::move(why);
    throw Stop{};
  }
};

// UTF-16 to UTF-8. A high surrogate at the end waits in `pending` for the next piece.
class Utf8 {
 public:
  void append(std::string& out, const XMLCh* text, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t unit = text[i];
      if (unit >= 0xd800 && unit < 0xdc00) {
        pending_ = unit;
        continue;
      }
      if (unit >= 0xdc00 && unit < 0xe000) {
        put(out, 0x10000 + ((pending_ - 0xd800) << 10) + (unit - 0xdc00));
        continue;
      }
      put(out, unit);
    }
  }

 private:
  static void put(std::string& out, std::uint32_t c) {
    const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
    if (c < 0x80) {
      out.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
      out.append({static_cast<char>(0xc0 | c >> 6), tail(c)});
    } else if (c < 0x10000) {
      out.append({static_cast<char>(0xe0 | c >> 12), tail(c >> 6), tail(c)});
    } else {
      out.append({static_cast<char>(0xf0 | c >> 18), tail(c >> 12), tail(c >> 6), tail(c)});
    }
  }
  std::uint32_t pending_ = 0xd800;
};

std::string to_utf8(const XMLCh* text) {
  std::string out;
  Utf8().append(out, text, xc::XMLString::stringLen(text));
  return out;
}

// Looks at what stands before the root element: the library tells of a DOCTYPE only if it has a subset, and
// late.
class Prolog {
 public:
  // False once a markup declaration begins there.
  bool allows(const char* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size && state_ != State::over; ++i) step(bytes[i]);
    return !declaration_;
  }

 private:
  enum class State : unsigned char { outside, markup, bang, instruction, comment, over };
  void step(char c) {
    switch (state_) {
      case State::outside:
        if (c == '<') state_ = State::markup;
        break;
      case State::markup:
        state_ = c == '?' ? State::instruction : c == '!' ? State::bang : State::over;
        break;
      case State::bang:
        state_ = c == '-' ? State::comment : State::over;
        declaration_ = c != '-';
        break;
      case State::instruction:
        if (c == '>' && last_ == '?') state_ = State::outside;
        break;
      case State::comment:
        if (c == '>' && last_ == '-') state_ = State::outside;
        break;
      case State::over:
        break;
    }
    last_ = c;
  }
  State state_ = State::outside;
  bool declaration_ = false;
  char last_ = 0;
};

class Stream final : public xc::BinInputStream {
 public:
  Stream(const ByteSource& source, Progress& progress) : source_(source), progress_(progress) {}
  XMLFilePos curPos() const override { return progress_.bytes; }
  const XMLCh* getContentType() const override { return nullptr; }
  XMLSize_t readBytes(XMLByte* const into, const XMLSize_t size) override {
    auto got = source_(reinterpret_cast<char*>(into), size);
    if (!got.ok()) progress_.stop(std::move(got).error());
    progress_.bytes += *got;
    if (!prolog_.allows(reinterpret_cast<const char*>(into), *got)) {
      progress_.stop({Errc::invalid, "a DOCTYPE is refused; remove it, with every entity it declares"});
    }
    if (progress_.bytes > progress_.limits.bytes) {
      progress_.stop(
          {Errc::too_large, "the XML is larger than " + std::to_string(progress_.limits.bytes) + " bytes"});
    }
    // The reader is at most one buffer ahead of the events, so this bounds what it can have gathered for one
    // of them.
    if (progress_.bytes - progress_.bytes_at_event > progress_.limits.token_bytes + kAhead) {
      progress_.stop({Errc::too_large, "a tag, comment or text of the XML is larger than " +
                                           std::to_string(progress_.limits.token_bytes) + " bytes"});
    }
    return *got;
  }

 private:
  static constexpr std::uint64_t kAhead = 128 * 1024;  // XMLReader's buffers, with room
  const ByteSource& source_;
  Progress& progress_;
  Prolog prolog_;
};

class Source final : public xc::InputSource {
 public:
  Source(const ByteSource& bytes, Progress& progress) : bytes_(bytes), progress_(progress) {
    setEncoding(xc::XMLUni::fgUTF8EncodingString);  // whatever the declaration says
  }
  xc::BinInputStream* makeStream() const override { return new Stream(bytes_, progress_); }

 private:
  const ByteSource& bytes_;
  Progress& progress_;
};

// Turns the library's events into ours.
class Events final : public xc::DefaultHandler {
 public:
  Events(Handler& handler, Progress& progress) : handler_(handler), progress_(progress) {}

  void setDocumentLocator(const xc::Locator* const locator) override { locator_ = locator; }

  void startElement(const XMLCh* const uri, const XMLCh* const name, const XMLCh* const,
                    const xc::Attributes& attributes) override {
    flush();
    if (++depth_ > progress_.limits.depth)
      refuse(Errc::too_large,
             "more than " + std::to_string(progress_.limits.depth) + " elements one inside the other");
    if (++elements_ > progress_.limits.elements)
      refuse(Errc::too_large, "more than " + std::to_string(progress_.limits.elements) + " elements");
    if (attributes.getLength() > progress_.limits.attributes)
      refuse(Errc::too_large,
             "an element with more than " + std::to_string(progress_.limits.attributes) + " attributes");
    Element element{to_utf8(uri), to_utf8(name), {}, locator_ == nullptr ? 0 : locator_->getLineNumber()};
    element.attributes.reserve(attributes.getLength());
    for (XMLSize_t i = 0; i < attributes.getLength(); ++i) {
      Attribute attribute{to_utf8(attributes.getURI(i)), to_utf8(attributes.getLocalName(i)),
                          to_utf8(attributes.getValue(i))};
      if (attribute.uri != kXsi) element.attributes.push_back(std::move(attribute));
    }
    check(handler_.start(element));
  }
  void endElement(const XMLCh* const, const XMLCh* const, const XMLCh* const) override {
    flush();
    --depth_;
    check(handler_.end());
  }
  void characters(const XMLCh* const text, const XMLSize_t size) override {
    event();
    utf8_.append(text_, text, size);
    if (text_.size() >= kTextPiece) flush();
  }
  void ignorableWhitespace(const XMLCh* const text, const XMLSize_t size) override { characters(text, size); }
  void comment(const XMLCh* const, const XMLSize_t) override { event(); }
  void processingInstruction(const XMLCh* const, const XMLCh* const) override { event(); }
  void startDTD(const XMLCh* const, const XMLCh* const, const XMLCh* const) override {
    refuse(Errc::invalid, "a DOCTYPE is refused; remove it, with every entity it declares");
  }
  xc::InputSource* resolveEntity(const XMLCh* const, const XMLCh* const) override {
    refuse(Errc::invalid, "an external entity is refused");
  }
  void skippedEntity(const XMLCh* const) override { refuse(Errc::invalid, "an entity is refused"); }
  void warning(const xc::SAXParseException&) override {}
  void error(const xc::SAXParseException& problem) override { report(problem); }
  void fatalError(const xc::SAXParseException& problem) override { report(problem); }

 private:
  static constexpr std::size_t kTextPiece = 16 * 1024;

  void event() { progress_.bytes_at_event = progress_.bytes; }
  void flush() {
    event();
    if (text_.empty()) return;
    check(handler_.text(text_));
    text_.clear();
  }
  void check(Result<void> result) {
    if (result.ok()) return;
    Error error = std::move(result).error();
    if (error.kind == Errc::invalid || error.kind == Errc::too_large) refuse(error.kind, error.detail);
    progress_.stop(std::move(error));
  }
  [[noreturn]] void refuse(Errc kind, const std::string& why) {
    const std::uint64_t line = locator_ == nullptr ? 0 : locator_->getLineNumber();
    const std::uint64_t column = locator_ == nullptr ? 0 : locator_->getColumnNumber();
    stop_at(kind, line, column, why);
  }
  [[noreturn]] void report(const xc::SAXParseException& problem) {
    stop_at(Errc::invalid, problem.getLineNumber(), problem.getColumnNumber(),
            to_utf8(problem.getMessage()).substr(0, 400));
  }
  [[noreturn]] void stop_at(Errc kind, std::uint64_t line, std::uint64_t column, const std::string& why) {
    progress_.stop(
        {kind, "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + why});
  }

  Handler& handler_;
  Progress& progress_;
  const xc::Locator* locator_ = nullptr;
  std::uint32_t depth_ = 0;
  std::uint64_t elements_ = 0;
  std::string text_;
  Utf8 utf8_;
};

}  // namespace

void start_xerces() {
  static const bool started = [] {
    xc::XMLPlatformUtils::Initialize();
    return true;
  }();
  static_cast<void>(started);
}

Parser::Parser(xc::XMLGrammarPool* grammars) {
  start_xerces();
  reader_.reset(xc::XMLReaderFactory::createXMLReader(xc::XMLPlatformUtils::fgMemoryManager, grammars));
  const bool validate = grammars != nullptr;
  reader_->setFeature(xc::XMLUni::fgSAX2CoreNameSpaces, true);
  reader_->setFeature(xc::XMLUni::fgSAX2CoreNameSpacePrefixes, false);
  reader_->setFeature(xc::XMLUni::fgSAX2CoreValidation, validate);
  reader_->setFeature(xc::XMLUni::fgXercesDynamic, false);
  reader_->setFeature(xc::XMLUni::fgXercesSchema, validate);
  reader_->setFeature(xc::XMLUni::fgXercesLoadSchema, false);  // schemaLocation names nothing for us
  reader_->setFeature(xc::XMLUni::fgXercesUseCachedGrammarInParse, validate);
  reader_->setFeature(xc::XMLUni::fgXercesCacheGrammarFromParse, false);
  reader_->setFeature(xc::XMLUni::fgXercesLoadExternalDTD, false);
  reader_->setFeature(xc::XMLUni::fgXercesSkipDTDValidation, true);
  reader_->setFeature(xc::XMLUni::fgXercesDisableDefaultEntityResolution, true);
}

Result<void> Parser::parse(const ByteSource& source, const Limits& limits, Handler& handler) {
  Progress progress{limits, {}, 0, 0};
  Events events(handler, progress);
  reader_->setContentHandler(&events);
  reader_->setErrorHandler(&events);
  reader_->setEntityResolver(&events);
  reader_->setLexicalHandler(&events);
  try {
    reader_->parse(Source(source, progress));
  } catch (const Stop&) {
  } catch (const xc::XMLException& problem) {
    if (!progress.error) progress.error = Error{Errc::invalid, to_utf8(problem.getMessage()).substr(0, 400)};
  } catch (const xc::SAXException& problem) {
    if (!progress.error) progress.error = Error{Errc::invalid, to_utf8(problem.getMessage()).substr(0, 400)};
  } catch (const xc::OutOfMemoryException&) {
    throw std::bad_alloc();
  }
  if (progress.error) return std::move(*progress.error);
  return {};
}

}  // namespace telepost::schema::xml
