package projections

import "maps"

// An overlay is a map that only grows and is cheap to clone: what is old is shared and never changed, what is young is
// copied. The zero value is empty.
type overlay[K comparable, V any] struct{ old, young map[K]V }

func (o *overlay[K, V]) get(k K) (V, bool) {
	if v, ok := o.young[k]; ok {
		return v, true
	}
	v, ok := o.old[k]
	return v, ok
}

// set makes the young part old when it has grown to a share of the whole, so that copying costs little per entry made.
func (o *overlay[K, V]) set(k K, v V) {
	if len(o.young) > 64+len(o.old)/8 {
		all := make(map[K]V, len(o.old)+len(o.young))
		maps.Copy(all, o.old)
		maps.Copy(all, o.young)
		o.old, o.young = all, nil
	}
	if o.young == nil {
		o.young = map[K]V{}
	}
	o.young[k] = v
}

func (o *overlay[K, V]) clone() overlay[K, V] { return overlay[K, V]{o.old, maps.Clone(o.young)} }
