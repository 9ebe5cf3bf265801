# L0, and the two pure rooms without a foreign library.
zc_unit(message LINK zc_message)
zc_unit(pace LINK zc_pace)
