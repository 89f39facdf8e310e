// Boost.Beast, compiled once (BOOST_BEAST_SEPARATE_COMPILATION): only the message parser is used.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
