#include "ops.hpp"

#include <reckon/core/random.hpp>
#include <reckon/layers/site.hpp>
#include <reckon/layers/spec_check.hpp>
#include <reckon/ops/activate.hpp>
#include <reckon/ops/attention.hpp>
#include <reckon/ops/layer_norm.hpp>

using namespace reckon;

namespace bench {

namespace {
/// A linear layer as a model of its own, so that quantise and prepare treat it as any other.
struct product_spec {
    using memory = heap;
    using number = float;
    using linear = dense<float>;
    using bias = with_bias;
};
struct product_size {
    idx in = 1, out = 1;
};
template <class Spec = product_spec, auto Size = run_time{}>
struct product : sized<product_size, Size> {
    module_of<typename Spec::linear, Spec> layer;

    explicit product(const product_size& s) : sized<product_size, Size>(s), layer(s.in, s.out) {}
    static constexpr void visit(auto&& f, auto&... self) { f("layer", self.layer...); }
};

void fill(matrix<float>& m, std::uint64_t seed) {
    const philox random{seed};
    for (idx i = 0; i < m.size(); ++i) m.data()[i] = random.uniform(i, -1, 1);
}

class runs_of {
  public:
    runs_of(const bert::config& size, const std::vector<idx>& lengths, isa set,
            const std::vector<std::string>& backends, idx threads)
        : size_(size), lengths_(lengths), set_(set), backends_(backends), threads_(threads) {
        offsets_.push_back(0);
        for (const idx length : lengths) offsets_.push_back(offsets_.back() + std::int32_t(length));
    }
    std::vector<op_run> list;

    void matmul(const std::vector<std::string>& weights) {
        const site here{ragged{}, bidirectional{}};
        const product_size sizes[] = {
            {size_.width, size_.width}, {size_.width, size_.hidden}, {size_.hidden, size_.width}};
        for (const product_size s : sizes) {
            const auto dense = std::make_shared<product<>>(s);
            fill(dense->layer.weight, 1);
            const std::string name = "matmul " + std::to_string(s.in) + "x" + std::to_string(s.out);
            const double flops = 2 * rows() * double(s.in) * double(s.out);
            for (const std::string& kind : weights)
                with_weights(kind, shared_model<product<>>(dense), [&](const auto& model) {
                    each(name, kind, flops, s.in, [&](auto& ctx) {
                        return [m = ready(ctx, model), here](auto& c, const auto& x) {
                            m->layer(c, x, here);
                        };
                    });
                });
        }
    }
    void attention() {
        double pairs = 0;
        for (const idx length : lengths_) pairs += double(length) * double(length);
        each("attention", "f32", 4 * pairs * double(size_.width), size_.width, [this](auto&) {
            return [offsets = offsets_, heads = size_.heads](auto& ctx, const auto& x) {
                ops::attention(ctx, x, ragged{offsets}, key_values<float, host>{x, x},
                               bidirectional{}, {.heads = heads, .scale = 0.125f});
            };
        });
    }
    void layer_norm() {
        const auto gain = std::make_shared<matrix<float>>(1, size_.width);
        each("layer_norm", "f32", 0, size_.width, [&](auto&) {
            return [gain](auto& ctx, const auto& x) {
                ops::layer_norm(ctx, x, gain->look(), gain->look(), 1e-12f);
            };
        });
    }
    void gelu() {
        each("gelu", "f32", 0, size_.hidden, [](auto&) {
            return [](auto& ctx, const auto& x) { ops::activate(ctx, x, activation::gelu); };
        });
    }

  private:
    double rows() const { return double(offsets_.back()); }

    /// A run for each backend; `make(ctx)` gives what computes from an input [rows, cols].
    template <class Make>
    void each(const std::string& name, const std::string& weights, double flops, idx cols,
              const Make& make) {
        const auto x = std::make_shared<matrix<float>>(idx(offsets_.back()), cols);
        fill(*x, 2);
        for_each_backend(set_, [&]<class Tag>(const std::string& backend) {
            if (!holds(backends_, backend)) return;
            const auto ctx = std::make_shared<context<Tag>>(options(threads_));
            list.push_back({name, backend, weights, flops, [ctx, x, work = make(*ctx)] {
                                const auto scope = ctx->scope();
                                work(*ctx, view<float>(x->look()));
                            }});
        });
    }

    bert::config size_;
    std::vector<idx> lengths_;
    std::vector<std::int32_t> offsets_;
    isa set_;
    std::vector<std::string> backends_;
    idx threads_;
};
}  // namespace

std::vector<op_run> op_runs(const std::string& op, const bert::config& size,
                            const std::vector<idx>& lengths, isa set,
                            const std::vector<std::string>& backends,
                            const std::vector<std::string>& weights, idx threads) {
    runs_of runs(size, lengths, set, backends, threads);
    if (op == "matmul") runs.matmul(weights);
    if (op == "attention") runs.attention();
    if (op == "layer_norm") runs.layer_norm();
    if (op == "gelu") runs.gelu();
    return std::move(runs.list);
}

}  // namespace bench
