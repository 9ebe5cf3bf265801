zc_unit(route LINK zc_route m)
